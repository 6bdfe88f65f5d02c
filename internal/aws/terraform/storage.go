package terraform

// bucket puts what CloudFormation says of a bucket into the resources that the AWS provider has for it.
func bucket(m *module, t *template, id string, p object) error {
	of := "${aws_s3_bucket." + id + ".id}"
	take := func(key string) (object, bool) {
		v, ok := p[key].(object)
		delete(p, key)
		return v, ok
	}
	if e, ok := take("bucket_encryption"); ok {
		rule := child(e, "server_side_encryption_configuration")
		delete(rule, "blocked_encryption_types")
		rename(rule, "server_side_encryption_by_default", "apply_server_side_encryption_by_default")
		m.add("aws_s3_bucket_server_side_encryption_configuration", id, object{"bucket": of, "rule": rule})
	}
	if b, ok := take("public_access_block_configuration"); ok {
		b["bucket"] = of
		m.add("aws_s3_bucket_public_access_block", id, b)
	}
	if v, ok := take("versioning_configuration"); ok {
		m.add("aws_s3_bucket_versioning", id, object{"bucket": of, "versioning_configuration": v})
	}
	if o, ok := take("ownership_controls"); ok {
		m.add("aws_s3_bucket_ownership_controls", id, object{"bucket": of, "rule": child(o, "rules")})
	}
	if l, ok := take("logging_configuration"); ok {
		out := object{"bucket": of, "target_bucket": l["destination_bucket_name"], "target_prefix": l["log_file_prefix"]}
		if k, ok := l["target_object_key_format"].(object); ok {
			out["target_object_key_format"] = k
		}
		m.add("aws_s3_bucket_logging", id, out)
	}
	if l, ok := take("lifecycle_configuration"); ok {
		var rules []any
		for _, one := range l["rules"].([]any) {
			rules = append(rules, lifecycle(one.(object)))
		}
		m.add("aws_s3_bucket_lifecycle_configuration", id, object{"bucket": of, "rule": rules})
	}
	if _, ok := take("notification_configuration"); ok {
		m.add("aws_s3_bucket_notification", id, object{"bucket": of, "eventbridge": true})
	}
	if o, ok := take("object_lock_configuration"); ok {
		m.add("aws_s3_bucket_object_lock_configuration", id, object{"bucket": of, "rule": o["rule"], "depends_on": []string{"aws_s3_bucket_versioning." + id}})
	}
	metrics, _ := p["metrics_configurations"].([]any)
	delete(p, "metrics_configurations")
	for _, one := range metrics {
		m.add("aws_s3_bucket_metric", id, object{"bucket": of, "name": one.(object)["id"]})
	}
	return nil
}

// lifecycle is a rule of a bucket.
func lifecycle(r object) object {
	out := object{"id": r["id"], "status": r["status"], "filter": object{"prefix": orEmpty(r["prefix"])}}
	if a, ok := r["abort_incomplete_multipart_upload"]; ok {
		out["abort_incomplete_multipart_upload"] = a
	}
	if e, ok := r["noncurrent_version_expiration"].(object); ok {
		out["noncurrent_version_expiration"] = object{"noncurrent_days": e["noncurrent_days"]}
	}
	expiration := object{}
	if days, ok := r["expiration_in_days"]; ok {
		expiration["days"] = days
	}
	if marker, ok := r["expired_object_delete_marker"]; ok {
		expiration["expired_object_delete_marker"] = marker
	}
	if len(expiration) > 0 {
		out["expiration"] = expiration
	}
	if ts, ok := r["transitions"].([]any); ok {
		for _, one := range ts {
			rename(one.(object), "transition_in_days", "days")
		}
		out["transition"] = ts
	}
	return out
}

func orEmpty(v any) any {
	if v == nil {
		return ""
	}
	return v
}

// secret has a first version without a password: that is put in by hand, and stays as it is then.
func secret(m *module, t *template, id string, p object) error {
	g := child(p, "generate_secret_string")
	delete(p, "generate_secret_string")
	m.add("aws_secretsmanager_secret_version", id, object{
		"secret_id": "${aws_secretsmanager_secret." + id + ".id}", "secret_string": g["secret_string_template"],
		"lifecycle": object{"ignore_changes": []string{"secret_string"}},
	})
	return nil
}

// stream has its encryption and its mode in other places.
func stream(_ *module, _ *template, _ string, p object) error {
	e := child(p, "stream_encryption")
	delete(p, "stream_encryption")
	p["encryption_type"], p["kms_key_id"] = e["encryption_type"], e["key_id"]
	return nil
}

// firehose has other names for where it writes to.
func firehose(_ *module, _ *template, _ string, p object) error {
	to := child(p, "extended_s3_configuration")
	hints := child(to, "buffering_hints")
	to["buffering_size"], to["buffering_interval"] = hints["size_in_m_bs"], hints["interval_in_seconds"]
	if to["buffering_size"] == nil {
		to["buffering_size"] = hints["size_in_mbs"]
	}
	to["kms_key_arn"] = child(to, "encryption_configuration", "kms_encryption_config")["awskms_key_arn"]
	delete(to, "buffering_hints")
	delete(to, "encryption_configuration")
	rename(to, "cloud_watch_logging_options", "cloudwatch_logging_options")
	p["destination"] = "extended_s3"
	return nil
}

// endpoint names its secret by itself.
func endpoint(_ *module, _ *template, _ string, p object) error {
	for from, to := range map[string]string{"postgre_sql_settings": "postgres_settings", "my_sql_settings": ""} {
		s, ok := p[from].(object)
		if !ok {
			continue
		}
		delete(p, from)
		p["secrets_manager_arn"], p["secrets_manager_access_role_arn"] = s["secrets_manager_secret_id"], s["secrets_manager_access_role_arn"]
		delete(s, "secrets_manager_secret_id")
		delete(s, "secrets_manager_access_role_arn")
		if to != "" && len(s) > 0 {
			p[to] = s
		}
	}
	if s, ok := p["s3_settings"].(object); ok {
		delete(s, "expected_bucket_owner")
	}
	return nil
}
