package deploy

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/petalake/petalake/internal/servers"
)

// exceptions are the findings of judges that are known, each with its reason.
//
//go:embed testdata/exceptions.txt
var exceptions string

// finding is what a judge has against a resource.
type finding struct{ judge, rule, file, resource string }

func (f finding) String() string {
	return fmt.Sprintf("%s  %s  %s %s", f.judge, f.rule, f.file, f.resource)
}

// exception is a line of exceptions.txt.
type exception struct {
	judge, rule, resource string
	used                  bool
}

// TestJudges lets those who know AWS judge every stack, as it is once it is deployed: what they find is
// mended, or stands in exceptions.txt with the reason; and what stands there is found.
func TestJudges(t *testing.T) {
	dir := t.TempDir()
	files := deployed(t, dir)
	judges := []func(*testing.T, string, []string) []finding{cfnLint, cfnGuard, cdkNag, checkov}
	found := make([][]finding, len(judges))
	var all sync.WaitGroup
	for i, judge := range judges {
		all.Go(func() { found[i] = judge(t, dir, files) })
	}
	all.Wait()
	if t.Skipped() || t.Failed() {
		return
	}
	known := readExceptions(t)
	for _, f := range slices.Concat(found...) {
		if !excepted(known, f) {
			t.Errorf("%s", f)
		}
	}
	for _, e := range known {
		if !e.used {
			t.Errorf("exceptions.txt: %s %s %s: no judge finds it any more", e.judge, e.rule, e.resource)
		}
	}
}

func readExceptions(t *testing.T) (all []*exception) {
	t.Helper()
	for line := range strings.Lines(exceptions) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if len(words) < 5 {
			t.Fatalf("exceptions.txt: %q: want judge, rule, resource and a reason", line)
		}
		all = append(all, &exception{judge: words[0], rule: words[1], resource: words[2]})
	}
	return all
}

// plainly takes from the names of rules what patterns give a meaning to.
var plainly = strings.NewReplacer("/", "|", "[", "(", "]", ")")

func excepted(known []*exception, f finding) (yes bool) {
	for _, e := range known {
		rule, err := path.Match(e.rule, plainly.Replace(f.rule))
		resource, err2 := path.Match(e.resource, f.resource)
		if err == nil && err2 == nil && e.judge == f.judge && rule && resource {
			e.used, yes = true, true
		}
	}
	return yes
}

var parameter = regexp.MustCompile(`\{\s*"Ref": "([A-Za-z0-9:]+)"\s*\}`)

// deployed writes each stack with its parameters filled in, as AWS sees it.
func deployed(t *testing.T, dir string) (files []string) {
	t.Helper()
	golden, err := filepath.Glob("testdata/stacks/*.json")
	if err != nil || len(golden) == 0 {
		t.Fatalf("no stacks: %v", err)
	}
	for _, file := range golden {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var given struct{ Parameters map[string]any }
		if err := json.Unmarshal(data, &given); err != nil {
			t.Fatal(err)
		}
		data = parameter.ReplaceAllFunc(data, func(ref []byte) []byte {
			name := string(parameter.FindSubmatch(ref)[1])
			if _, ok := given.Parameters[name]; ok {
				return []byte(`"` + sample(name) + `"`)
			}
			return ref
		})
		for name := range given.Parameters {
			data = bytes.ReplaceAll(data, []byte("${"+name+"}"), []byte(sample(name)))
		}
		out := filepath.Join(dir, filepath.Base(file))
		if err := os.WriteFile(out, data, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, out)
	}
	return files
}

// sample is a value that a parameter may have.
func sample(parameter string) string {
	switch {
	case parameter == "Key":
		return "arn:aws:kms:eu-central-1:123456789012:key/0f0f0f0f-0000-4000-8000-0f0f0f0f0f0f"
	case strings.HasPrefix(parameter, "Subnet"):
		return "subnet-0123456789abcdef" + parameter[len(parameter)-1:]
	case parameter == "Network":
		return "vpc-0123456789abcdef0"
	case strings.HasSuffix(parameter, "Digest"):
		return strings.Repeat("0f", 32)
	}
	return "x-" + strings.ToLower(parameter) + "-123456789012"
}

// run runs a judge, whose exit code says no more than that it found something.
func run(t *testing.T, env []string, program string, args ...string) []byte {
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && out.Len() == 0 {
		t.Errorf("%s: %v\n%s", program, err, errs.String())
	}
	return out.Bytes()
}

func parsed(t *testing.T, judge string, data []byte, into any) {
	if err := json.Unmarshal(data, into); err != nil {
		t.Errorf("%s: %v in %.200s", judge, err, data)
	}
}

// cfnLint reads the templates themselves: it knows what a parameter is.
func cfnLint(t *testing.T, _ string, files []string) (found []finding) {
	args := []string{"--format", "json", "--"}
	for _, f := range files {
		args = append(args, filepath.Join("testdata", "stacks", filepath.Base(f)))
	}
	var answer []struct {
		Filename string
		Rule     struct{ Id string }
		Location struct{ Path []any }
	}
	parsed(t, "cfn-lint", run(t, nil, servers.Tool(t, "venv/bin/cfn-lint"), args...), &answer)
	for _, a := range answer {
		resource := "-"
		if len(a.Location.Path) > 1 {
			resource = fmt.Sprint(a.Location.Path[1])
		}
		found = append(found, finding{"cfn-lint", a.Rule.Id, filepath.Base(a.Filename), resource})
	}
	return found
}

// cfnGuard holds the rules of AWS Control Tower against the templates.
func cfnGuard(t *testing.T, dir string, _ []string) (found []finding) {
	base := servers.Tool(t, "judges/node_modules/@cdklabs/cdk-validator-cfnguard")
	system := map[string]string{"linux": "ubuntu", "darwin": "macos"}[runtime.GOOS]
	processor := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	var answer []struct {
		Name         string
		NotCompliant []struct {
			Rule json.RawMessage
		} `json:"not_compliant"`
	}
	parsed(t, "cfn-guard", run(t, nil, filepath.Join(base, "bin", system, processor, "cfn-guard"), "validate", "--rules", filepath.Join(base, "rules", "control-tower", "cfn-guard"),
		"--data", dir, "--output-format", "json", "--show-summary", "none", "--structured"), &answer)
	resource := regexp.MustCompile(`"path":\s*"/Resources/([A-Za-z0-9]+)`)
	for _, a := range answer {
		for _, n := range a.NotCompliant {
			var rule struct{ Name string }
			parsed(t, "cfn-guard", n.Rule, &rule)
			seen := map[string]bool{}
			for _, m := range resource.FindAllSubmatch(n.Rule, -1) {
				if name := string(m[1]); !seen[name] {
					seen[name] = true
					found = append(found, finding{"cfn-guard", rule.Name, filepath.Base(a.Name), name})
				}
			}
			if len(seen) == 0 {
				found = append(found, finding{"cfn-guard", rule.Name, filepath.Base(a.Name), "-"})
			}
		}
	}
	return found
}

func cdkNag(t *testing.T, _ string, files []string) (found []finding) {
	modules := servers.Tool(t, "judges/node_modules")
	node, err := exec.LookPath("node")
	if err != nil {
		t.Errorf("cdk-nag: %v", err)
		return nil
	}
	var answer []struct{ Rule, File, Resource string }
	parsed(t, "cdk-nag", run(t, []string{"NODE_PATH=" + modules}, node, append([]string{"../../../scripts/judges/nag.js"}, files...)...), &answer)
	for _, a := range answer {
		found = append(found, finding{"cdk-nag", strings.ReplaceAll(a.Rule, " ", "_"), a.File, a.Resource})
	}
	return found
}

func checkov(t *testing.T, dir string, _ []string) (found []finding) {
	var answer struct {
		Results struct {
			Failed []struct {
				Check    string `json:"check_id"`
				File     string `json:"file_path"`
				Resource string
			} `json:"failed_checks"`
			Errors []string `json:"parsing_errors"`
		}
		Summary struct {
			Resources int `json:"resource_count"`
		}
	}
	parsed(t, "checkov", run(t, nil, servers.Tool(t, "judges/venv/bin/checkov"), "-d", dir, "--framework", "cloudformation", "--compact", "--quiet", "--skip-download", "-o", "json"), &answer)
	if len(answer.Results.Errors) > 0 || answer.Summary.Resources == 0 {
		t.Errorf("checkov read %d resources, and could not read %v", answer.Summary.Resources, answer.Results.Errors)
	}
	for _, a := range answer.Results.Failed {
		_, resource, _ := strings.Cut(a.Resource, ".")
		found = append(found, finding{"checkov", a.Check, filepath.Base(a.File), resource})
	}
	return found
}
