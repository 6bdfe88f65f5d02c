#!/bin/bash
# Makes this machine one that runs petalake: the program and the lakehouse come from the bucket of artefacts,
# and nothing runs that is not what was deployed.
set -euo pipefail
umask 077

work=$(mktemp -d)

fetch() { # key digest file
  aws s3 cp --region '${AWS::Region}' --only-show-errors "s3://${ArtefactBucket}/$1" "$3" &&
    echo "$2  $3" | sha256sum --check --quiet
}

for try in 1 2 3 4 5; do
  if fetch '${BinaryKey}' '${BinaryDigest}' "$work/petalake" && fetch '${BundleKey}' '${BundleDigest}' "$work/lakehouse.tar.gz"; then break; fi
  if [ "$try" = 5 ]; then
    shutdown -h now # the group starts another machine
    exit 1
  fi
  sleep $((try * 5))
done

useradd --system --home-dir /var/lib/petalake --shell /sbin/nologin petalake || true
install -D -m 0755 -o root -g root "$work/petalake" /opt/petalake/petalake
install -d -m 0755 /opt/petalake/lakehouse
tar --extract --gzip --no-same-owner --file "$work/lakehouse.tar.gz" --directory /opt/petalake/lakehouse
chmod -R u=rwX,go=rX /opt/petalake
install -d -m 0700 -o petalake -g petalake /var/lib/petalake /var/log/petalake
rm -rf "$work"

cat >/etc/systemd/system/petalake.service <<'UNIT'
[Unit]
Description=petalake
Wants=network-online.target
After=network-online.target

[Service]
User=petalake
ExecStart=/opt/petalake/petalake up --file /opt/petalake/lakehouse/lakehouse.yaml --env @ENV@
Environment=AWS_REGION=${AWS::Region} HOME=/var/lib/petalake TMPDIR=/var/lib/petalake@SPARK@
WorkingDirectory=/var/lib/petalake
StandardOutput=append:/var/log/petalake/petalake.log
StandardError=append:/var/log/petalake/petalake.log
Restart=always
RestartSec=5
KillSignal=SIGTERM
TimeoutStopSec=120
NoNewPrivileges=true
PrivateTmp=true
ProtectSystem=strict
ProtectHome=true
ReadWritePaths=/var/lib/petalake /var/log/petalake

[Install]
WantedBy=multi-user.target
UNIT

cat >/etc/logrotate.d/petalake <<'ROTATE'
/var/log/petalake/petalake.log {
  size 100M
  rotate 3
  copytruncate
  missingok
}
ROTATE

systemctl daemon-reload
systemctl enable --now petalake.service

# What follows sends the log to CloudWatch; petalake runs without it.
dnf install --assumeyes --quiet amazon-cloudwatch-agent
cat >/opt/aws/amazon-cloudwatch-agent/etc/petalake.json <<'AGENT'
{"agent": {"region": "${AWS::Region}"},
 "logs": {"logs_collected": {"files": {"collect_list": [
   {"file_path": "/var/log/petalake/petalake.log", "log_group_name": "@LOGS@", "log_stream_name": "{instance_id}"}]}}}}
AGENT
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c file:/opt/aws/amazon-cloudwatch-agent/etc/petalake.json
