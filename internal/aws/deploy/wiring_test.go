package deploy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/spec"
)

// every renders each lakehouse of the tests and examples that has an environment in AWS.
func every(t *testing.T, do func(name string, stacks []*Stack)) {
	t.Helper()
	for _, file := range lakehouses(t) {
		l, err := spec.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range l.Environments {
			if !e.InAWS() {
				continue
			}
			stacks, err := Render(l, e)
			if err != nil {
				t.Fatal(err)
			}
			do(l.Name+"-"+e.Name, stacks)
		}
	}
}

// What a stack is given is what a stack before it hands out, or what the one who deploys knows.
func TestParametersAreOutputs(t *testing.T) {
	given := []string{BinaryKey, BinaryDigest, BundleKey, BundleDigest}
	every(t, func(name string, stacks []*Stack) {
		outputs := map[string]bool{}
		for _, s := range stacks {
			var declared, wired []string
			for _, p := range s.template.Parameters {
				declared = append(declared, p.Name)
			}
			for _, p := range s.Parameters {
				wired = append(wired, p.Name)
				if p.Given == "" && !outputs[p.Layer+"."+p.Output] {
					t.Errorf("%s: %s wants the output %s of %s, which no stack before it has", name, s.Layer, p.Output, p.Layer)
				}
				if p.Given != "" && !slices.Contains(given, p.Given) {
					t.Errorf("%s: %s wants %s, which nobody gives", name, s.Layer, p.Given)
				}
			}
			if !slices.Equal(declared, wired) {
				t.Errorf("%s: %s declares %v, and is given %v", name, s.Layer, declared, wired)
			}
			for _, o := range s.template.Outputs {
				outputs[s.Layer+"."+o.Name] = true
			}
		}
	})
}

// What holds data outlives its stack, whose policy refuses to replace it; stacks that hold some are
// protected.
func TestDataOutlivesStacks(t *testing.T) {
	every(t, func(name string, stacks []*Stack) {
		for _, s := range stacks {
			var policy struct {
				Statement []struct {
					Effect   string
					Resource any
				}
			}
			if err := json.Unmarshal(s.Policy, &policy); err != nil {
				t.Fatal(err)
			}
			var kept cfn.List
			if len(policy.Statement) == 2 && policy.Statement[1].Effect == "Deny" {
				kept, _ = policy.Statement[1].Resource.([]any)
			}
			for _, r := range s.template.Resources {
				if !HoldsData(r.Type) {
					continue
				}
				if !r.Retain && r.Type != "AWS::Logs::LogGroup" || !slices.Contains(kept, any("LogicalResourceId/"+r.ID)) || !s.Protected {
					t.Errorf("%s: %s: retained %t, policy %s, stack protected %t", name, r.ID, r.Retain, s.Policy, s.Protected)
				}
			}
		}
	})
}

// A machine runs what was deployed: where a digest is another one, it is turned off.
func TestMachineChecksDigests(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash: ", err)
	}
	if _, err := exec.LookPath("sha256sum"); err != nil {
		t.Skip("no sha256sum: ", err)
	}
	script, after, ok := strings.Cut(startScript, "useradd ")
	if !ok || !strings.Contains(after, "systemctl enable") {
		t.Fatal("daemon.sh: the part that fetches does not end before useradd")
	}
	if out, err := exec.Command(bash, "-n", "-c", startScript).CombinedOutput(); err != nil {
		t.Errorf("daemon.sh: %v\n%s", err, out)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"program": "the program", "bundle": "the lakehouse",
		"bin/aws":      "#!" + bash + "\ncp \"$FAKE/${6##*/}\" \"$7\"\n",
		"bin/shutdown": "#!" + bash + "\necho turned off\n",
		"bin/sleep":    "#!" + bash + "\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	digest := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	for _, c := range []struct{ name, program, bundle, want string }{
		{"what was deployed", digest("the program"), digest("the lakehouse"), "goes on"},
		{"another program", digest("another"), digest("the lakehouse"), "turned off"},
		{"another lakehouse", digest("the program"), digest("another"), "turned off"},
	} {
		text := strings.NewReplacer("${AWS::Region}", "eu-central-1", "${ArtefactBucket}", "b", "${BinaryKey}", "program", "${BundleKey}", "bundle",
			"${BinaryDigest}", c.program, "${BundleDigest}", c.bundle).Replace(script)
		cmd := exec.Command(bash, "-c", text+"\necho goes on")
		cmd.Env = append(os.Environ(), "FAKE="+dir, "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), "TMPDIR="+dir)
		out, _ := cmd.Output()
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		if got := lines[len(lines)-1]; got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// What is paid by use is counted from what the template allows.
func TestPrices(t *testing.T) {
	for _, c := range []struct {
		typ        string
		properties cfn.Map
		want       price.Range
	}{
		{"AWS::EMRServerless::Application", cfn.Map{"MaximumCapacity": cfn.Map{"Cpu": "100 vCPU", "Memory": "400 GB"}},
			price.Range{Low: 0, Likely: 7.5 * (100*0.05 + 400*0.005), High: 730 * (100*0.05 + 400*0.005)}},
		{"AWS::ECS::TaskDefinition", cfn.Map{"Cpu": "2048", "Memory": "8192"}, price.Range{Low: 730 * (2*0.04 + 8*0.004), Likely: 730 * (2*0.04 + 8*0.004), High: 730 * (2*0.04 + 8*0.004)}},
		{"AWS::EC2::NatGateway", nil, price.Range{Low: 219, Likely: 229, High: 319}},
		{"AWS::Logs::LogGroup", nil, price.Range{Low: 0, Likely: 5, High: 50}},
	} {
		tmpl := &cfn.Template{}
		tmpl.Add("R", c.typ, c.properties)
		got := priceOf(tmpl, "R", rates)
		if got == nil || !near(got.Low, c.want.Low) || !near(got.Likely, c.want.Likely) || !near(got.High, c.want.High) {
			t.Errorf("%s: got %v, want %v", c.typ, got, c.want)
		}
	}
	tmpl := &cfn.Template{}
	tmpl.Add("R", "AWS::Kinesis::Stream", cfn.Map{"ShardCount": 2})
	if got := priceOf(tmpl, "R", rates); got != nil {
		t.Errorf("a rate that is not known: got %v, want no price", got)
	}
}

func near(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }
