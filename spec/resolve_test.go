package spec_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/petalake/petalake/spec"
	"go.yaml.in/yaml/v3"
)

func lookup(vars map[string]string) spec.Lookup {
	return func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
}

const twoPlaces = `lakehouse: a
sources:
  raw: {path: ["${env:RAW}/x.csv", plain.csv], table: t}
environments:
  local: {}
  prod:
    storage: s3://${env:BUCKET}/$${env:X}/${env:PREFIX}
    s3:
      endpoint: ${env:URL}
      access_key: ${env:ID}
      secret_key: a${env:KEY}b
`

func TestResolve(t *testing.T) {
	l := parse(t, twoPlaces)
	read, err := l.Environment("prod")
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{"BUCKET": "lake", "PREFIX": "p", "URL": "https://s3", "ID": "me", "KEY": "${env:ID}"}
	e, err := read.Resolve(lookup(vars))
	if err != nil {
		t.Fatal(err)
	}
	if e.Storage != "s3://lake/${env:X}/p" || e.S3.Endpoint != "https://s3" || e.S3.AccessKey.Reveal() != "me" || e.S3.SecretKey.Reveal() != "a${env:ID}b" {
		t.Errorf("got %s, %s, %s, want the values of the variables, taken literally", e.Storage, e.S3.Endpoint, e.S3.SecretKey.Reveal())
	}
	if again, err := e.Resolve(lookup(nil)); err != nil || again.Storage != e.Storage {
		t.Errorf("got %v, %v, want what is resolved to stay", again, err)
	}
	if read.Storage != "s3://${env:BUCKET}/$${env:X}/${env:PREFIX}" || read.S3.SecretKey.Reveal() != "a${env:KEY}b" {
		t.Errorf("got %s, want what was read unchanged", read.Storage)
	}
	s, err := l.Source("raw").Resolve(lookup(map[string]string{"RAW": "in"}))
	if err != nil || s.Files.Paths[0] != "in/x.csv" || l.Source("raw").Files.Paths[0] != "${env:RAW}/x.csv" {
		t.Errorf("got %v, %v, want in/x.csv in a copy", s, err)
	}
}

func TestResolveReportsAllThatIsMissing(t *testing.T) {
	l := parse(t, twoPlaces)
	if local, err := l.Environment("local"); err != nil {
		t.Error(err)
	} else if _, err := local.Resolve(lookup(nil)); err != nil {
		t.Errorf("local: got %v, want no need of variables", err)
	}
	prod, _ := l.Environment("prod")
	_, err := prod.Resolve(lookup(map[string]string{"URL": "localhost", "PREFIX": "", "KEY": "s3cr3t"}))
	const want = `lakehouse.yaml:7:14: environments.prod.storage: the environment variable BUCKET is not set: export BUCKET=...
lakehouse.yaml:10:19: environments.prod.s3.access_key: the environment variable ID is not set: export ID=...`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	_, err = l.Source("raw").Resolve(lookup(nil))
	if want := `lakehouse.yaml:3:16: sources.raw.path[0]: the environment variable RAW is not set: export RAW=...`; err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// What is kept by name is resolved too, in a copy.
func TestResolveNamed(t *testing.T) {
	read, err := parse(t, "lakehouse: a\nenvironments:\n  local:\n    connect: {listen: 'localhost:1', users: {ada: {token: '${env:ADA}'}}}\n").Environment("local")
	if err != nil {
		t.Fatal(err)
	}
	e, err := read.Resolve(lookup(map[string]string{"ADA": "s3cr3t"}))
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Connect.Users[0].Token.Reveal(); got != "s3cr3t" {
		t.Errorf("got token %q, want that of the variable", got)
	}
	if got := read.Connect.Users[0].Token.Reveal(); got != "${env:ADA}" {
		t.Errorf("what was read has token %q now, want it unchanged", got)
	}
	_, err = read.Resolve(lookup(nil))
	if want := "lakehouse.yaml:4:59: environments.local.connect.users.ada.token: the environment variable ADA is not set: export ADA=..."; err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// What a variable holds is checked as if it were written in the file.
func TestResolveChecksValues(t *testing.T) {
	prod, _ := parse(t, twoPlaces).Environment("prod")
	_, err := prod.Resolve(lookup(map[string]string{"URL": "localhost", "BUCKET": "b", "PREFIX": "", "ID": "", "KEY": ""}))
	const want = "lakehouse.yaml:9:17: environments.prod.s3.endpoint: bad endpoint: write a URL, as in http://localhost:9000"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestSecretDoesNotShow(t *testing.T) {
	const text = "s3cr3t"
	s := spec.NewSecret(text)
	if s.Reveal() != text {
		t.Fatalf("got %q, want the text", s.Reveal())
	}
	type exported struct{ S spec.Secret }
	type hidden struct{ s spec.Secret }
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		for _, v := range []any{s, &s, exported{s}, &exported{s}, hidden{s}, []spec.Secret{s}, map[string]spec.Secret{"k": s}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "s", s, "e", exported{s}, "h", hidden{s})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "s", s, "e", exported{s})
	asJSON, err := json.Marshal(exported{s})
	if err != nil || string(asJSON) != `{"S":"***"}` {
		t.Errorf("got %s, %v, want ***", asJSON, err)
	}
	asYAML, err := yaml.Marshal(exported{s})
	if err != nil {
		t.Error(err)
	}
	out.Write(asYAML)
	if strings.Contains(out.String(), text) || strings.Contains(out.String(), fmt.Sprintf("%x", text)) {
		t.Errorf("got the secret in\n%s", out.String())
	}
	if !strings.Contains(out.String(), "***") {
		t.Error("got no *** in the output")
	}
	if got := (spec.Secret{}).String(); got != "" {
		t.Errorf("got %q for a secret that is not set, want nothing", got)
	}
}

// Neither a value that is wrong nor a value of the wrong type shows a secret in the error.
func TestProblemsDoNotShowSecrets(t *testing.T) {
	for _, value := range []string{"1234567", "[1234567]", "{a: 1234567}", "'${1234567'", "'${a1234567}'", "!!binary 1234567", "a(1,1234567)", "a,1234567", "2012-03-04 1234567: x"} {
		_, err := spec.Parse("f", []byte("lakehouse: a\nenvironments: {local: {s3: {access_key: "+value+", secret_key: "+value+"}}}"), nil)
		if err == nil || strings.Contains(err.Error(), "1234567") {
			t.Errorf("%s: got %v, want an error without the value", value, err)
		}
	}
}

// TestDeployedSpark promises that the daemon in AWS finds the application that was deployed with it, and
// that an environment which names a Spark keeps that.
func TestDeployedSpark(t *testing.T) {
	told := func(name string) (string, bool) {
		v := map[string]string{spec.EMRApplication: "00f1", spec.EMRRole: "arn:aws:iam::1:role/x"}[name]
		return v, v != ""
	}
	for text, want := range map[string]string{
		"{aws: {region: eu-central-1, account: 123456789012}}":                                                "00f1",
		"{aws: {region: eu-central-1, account: 123456789012}, spark: {emr: {cluster: j-1, role: r}}}":         "",
		"{aws: {region: eu-central-1, account: 123456789012}, spark: {address: 'sc://spark.internal:15002'}}": "",
		"{storage: 's3://a/b'}": "",
	} {
		l, err := spec.Parse("lakehouse.yaml", []byte("lakehouse: a\nenvironments:\n  e: "+text+"\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		e, err := l.Environments[0].Resolve(told)
		if err != nil || string(e.Spark.EMR.Application) != want {
			t.Errorf("%s: got application %q, %v, want %q", text, e.Spark.EMR.Application, err, want)
		}
	}
}
