package spec

import (
	"net/url"
	"strings"
)

// environment checks what an environment says. Values with references are known, and checked in
// the same way, only when they are resolved.
func (c *checker) environment(e *Environment) {
	at := "environments." + e.Name
	e.problems(func(pos Pos, key string, f *fault) { c.fail(pos, at+"."+key, f.hint, "%s", f.message) })
}

// problems reports what is wrong with the values that do not refer to anything.
func (e *Environment) problems(report func(pos Pos, key string, f *fault)) {
	if f := badStorage(e.Storage); f != nil && !(e.InAWS() && !e.Has("storage")) {
		report(e.At("storage"), "storage", f)
	}
	if e.InAWS() {
		e.AWS.problems(e, report)
	}
	e.Spark.problems(report)
	if e.Spark.OnEMR() && e.Has("storage") && e.Storage.plain() && !strings.HasPrefix(string(e.Storage), "s3://") {
		report(e.Spark.At("emr"), "spark.emr", faultf("write storage: s3://bucket/prefix", "EMR does not reach a folder of this machine"))
	}
	e.Connect.problems(report)
	s := &e.S3
	if f := badEndpoint(s.Endpoint); f != nil {
		report(s.At("endpoint"), "s3.endpoint", f)
	}
	if s.KMSKey != "" && s.SSE != SSEKMS {
		report(s.At("kms_key"), "s3.kms_key", faultf("write sse: sse-kms", "the key is not used"))
	}
	switch {
	case s.Has("access_key") && !s.Has("secret_key"):
		report(s.At("access_key"), "s3.access_key", faultf("write both, or neither", "access_key without secret_key"))
	case s.Has("secret_key") && !s.Has("access_key"):
		report(s.At("secret_key"), "s3.secret_key", faultf("write both, or neither", "secret_key without access_key"))
	}
}

func badStorage(t Text) *fault {
	bucket, isS3 := strings.CutPrefix(string(t), "s3://")
	switch {
	case strings.HasPrefix(string(t), "~"):
		return faultf("write ${env:HOME}", "~ is not resolved")
	case !t.plain():
		return nil
	case strings.TrimSpace(string(t)) == "":
		return faultf("write a folder, or s3://bucket/prefix", "the place is empty")
	case isS3 && (bucket == "" || bucket[0] == '/'):
		return faultf("write s3://bucket/prefix", "the bucket is missing")
	case !isS3 && hasScheme.MatchString(string(t)):
		return faultf("write a folder, or s3://bucket/prefix", "tables cannot be kept there")
	case !isS3 && strings.ContainsAny(string(t), "*?"):
		return faultf("write one folder", "the place is a pattern")
	}
	return nil
}

func badEndpoint(t Text) *fault {
	if t == "" || !t.plain() {
		return nil
	}
	u, err := url.Parse(string(t))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return faultf("write a URL, as in http://localhost:9000", "bad endpoint")
	}
	return nil
}
