package terraform_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/terraform"
	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/spec"
)

var update = flag.Bool("update", false, "write the golden files anew")

func environment(t *testing.T, file string) (*spec.Lakehouse, *spec.Environment) {
	t.Helper()
	l, err := spec.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	e, err := l.Environment("prod")
	if err != nil {
		t.Fatal(err)
	}
	return l, e
}

// module writes the environment prod of a lakehouse into a folder.
func module(t *testing.T, file string) string {
	t.Helper()
	l, e := environment(t, file)
	e.AWS.NAT = false // see TestNAT
	stacks, err := deploy.Render(l, e)
	if err != nil {
		t.Fatal(err)
	}
	files, err := terraform.Write(stacks, e.AWS.Region)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// ready prepares a folder for terraform. Where terraform or the AWS provider is not on this machine the test is
// skipped: neither can be installed as the other tools are.
func ready(t *testing.T, dir string) {
	t.Helper()
	if testing.Short() {
		t.Skip("terraform takes its time: left out with -short")
	}
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("terraform is not installed")
	}
	for _, pattern := range []string{"/opt/*/registry.terraform.io/hashicorp/aws", "/usr/local/share/*/*/registry.terraform.io/hashicorp/aws"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			run(t, dir, "init", "-input=false", "-plugin-dir="+filepath.Join(found[0], "..", "..", ".."))
			return
		}
	}
	t.Skip("the AWS provider of terraform is not installed")
}

// run runs terraform, and returns what it says.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "terraform", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=", "TF_CLI_ARGS_apply=-no-color", "TF_CLI_ARGS_validate=-no-color", "TF_CLI_ARGS_init=-no-color")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("terraform %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// lakehouses are those whose templates are tested, too.
func lakehouses(t *testing.T) []string {
	files, err := filepath.Glob("../deploy/testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no lakehouses: %v", err)
	}
	return files
}

// TestValid promises that Terraform and the AWS provider know all that is written.
func TestValid(t *testing.T) {
	for _, file := range lakehouses(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			dir := module(t, file)
			ready(t, dir)
			run(t, dir, "validate")
		})
	}
}

// notOnMoto are types that moto does not make, or not so that the AWS provider believes it.
var notOnMoto = []string{"aws_budgets_budget", "aws_cloudwatch_composite_alarm", "aws_s3_bucket_logging", "aws_s3_bucket_lifecycle_configuration"}

// TestApply promises that what is written can be made on a server of the API, and all of it is there then.
func TestApply(t *testing.T) {
	dir := module(t, "../deploy/testdata/small.yaml")
	ready(t, dir)
	moto := servers.Moto(t)
	moto.Environ(t)
	wanted := strip(t, dir, notOnMoto)
	write(t, filepath.Join(dir, "override.tf.json"), `{"provider":{"aws":{"s3_use_path_style":true,"skip_credentials_validation":true,"skip_metadata_api_check":true}}}`)
	given := []string{"-input=false", "-var=binary_key=bin/petalake", "-var=binary_digest=00", "-var=bundle_key=lakehouse.tar.gz", "-var=bundle_digest=00"}
	run(t, dir, append([]string{"apply", "-auto-approve"}, given...)...)
	have := strings.Split(strings.TrimSpace(run(t, dir, "state", "list")), "\n")
	have = slices.DeleteFunc(have, func(name string) bool { return strings.HasPrefix(name, "data.") })
	slices.Sort(have)
	if diff := cmp.Diff(wanted, have); diff != "" {
		t.Errorf("-written +made:\n%s", diff)
	}
}

// TestGolden promises the text of a module.
func TestGolden(t *testing.T) {
	dir := module(t, "../deploy/testdata/small.yaml")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 5 {
		t.Fatalf("%v, %v: want a file for each layer and one for all", files, err)
	}
	for _, file := range files {
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", filepath.Base(file))
		if *update {
			write(t, golden, string(got))
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatalf("%v (go test ./internal/aws/terraform -update writes it)", err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", golden, diff)
		}
	}
}

// TestNAT promises an error with a hint for what the AWS provider cannot make.
func TestNAT(t *testing.T) {
	l, e := environment(t, "../deploy/testdata/spark.yaml")
	stacks, err := deploy.Render(l, e)
	if err != nil {
		t.Fatal(err)
	}
	var nat *terraform.NATError
	if _, err := terraform.Write(stacks, e.AWS.Region); !errors.As(err, &nat) || nat.Hint() == "" {
		t.Errorf("got %v, want that NAT is not known", err)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// strip takes resources of some types out of a module, and returns the names of the others.
func strip(t *testing.T, dir string, types []string) (left []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.tf.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]map[string]any
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		for _, one := range types {
			delete(m["resource"], one)
		}
		for kind, named := range m["resource"] {
			for name := range named.(map[string]any) {
				left = append(left, kind+"."+name)
			}
		}
		out, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		write(t, file, string(out))
	}
	slices.Sort(left)
	return left
}
