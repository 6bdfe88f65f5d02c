package rollout

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is a CloudFormation that takes its time, fails where a resource says so, and mistreats one
// call of its choice. Each look at a stack lets one resource of it come to be.
type fake struct {
	mu       sync.Mutex
	stacks   []*fakeStack // deleted ones too
	calls    int
	executed int // change sets
	hurt     int // the call that is mistreated, from 1; 0 for none
	how      string
}

// sets counts the change sets of all stacks.
func (f *fake) sets() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.stacks {
		n += len(s.sets)
	}
	return n
}

type fakeStack struct {
	name, id, status, token string
	template, next          string // as it is, and as it becomes
	policy                  string
	protected               bool
	todo                    []string // resources that still change
	failing                 string   // the resource that failed
	events                  []string // XML, the newest first
	sets                    map[string]*fakeSet
}

type fakeSet struct {
	template, status, execution string
}

// resources are those of a template: their names, and whether they are to fail.
func resources(template string) map[string]bool {
	var t struct {
		Resources map[string]struct {
			Properties struct{ Fail bool }
		}
	}
	if template != "" {
		if err := json.Unmarshal([]byte(template), &t); err != nil {
			panic(err)
		}
	}
	out := map[string]bool{}
	for name, r := range t.Resources {
		out[name] = r.Properties.Fail
	}
	return out
}

// serve starts it, until the test ends.
func (f *fake) serve(t *testing.T) string {
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s.URL
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	hurt := f.calls == f.hurt
	if hurt && f.how == "cut" {
		panic(http.ErrAbortHandler)
	}
	if hurt && f.how == "throttled" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, failure("Throttling", "Rate exceeded"))
		return
	}
	if err := r.ParseForm(); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	action := r.Form.Get("Action")
	code, body := f.act(action, r)
	if hurt && f.how == "lost" {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(code)
	if code == http.StatusOK {
		body = fmt.Sprintf("<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", action, body)
	}
	fmt.Fprint(w, body)
}

func failure(code, message string) string {
	return fmt.Sprintf("<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
}

func (f *fake) act(action string, r *http.Request) (int, string) {
	s := f.find(r.Form.Get("StackName"))
	if action == "CreateChangeSet" {
		return f.plan(s, r)
	}
	if s == nil && action != "DescribeStackDriftDetectionStatus" {
		return http.StatusBadRequest, failure("ValidationError", "Stack with id "+r.Form.Get("StackName")+" does not exist")
	}
	switch action {
	case "DescribeStacks":
		s.work()
		return http.StatusOK, s.describe()
	case "DescribeStackEvents":
		return http.StatusOK, "<StackEvents>" + strings.Join(s.events, "") + "</StackEvents>"
	case "DescribeChangeSet":
		return s.described(r.Form.Get("ChangeSetName"))
	case "ExecuteChangeSet":
		return f.execute(s, r)
	case "DeleteChangeSet":
		delete(s.sets, r.Form.Get("ChangeSetName"))
	case "DeleteStack":
		if s.protected {
			return http.StatusBadRequest, failure("ValidationError", "Stack cannot be deleted while TerminationProtection is enabled")
		}
		s.begin("DELETE", "", "")
	case "UpdateTerminationProtection":
		s.protected = r.Form.Get("EnableTerminationProtection") == "true"
	case "SetStackPolicy":
		s.policy = r.Form.Get("StackPolicyBody")
	case "GetStackPolicy":
		return http.StatusOK, "<StackPolicyBody>" + text(s.policy) + "</StackPolicyBody>"
	case "GetTemplate":
		return http.StatusOK, "<TemplateBody>" + text(s.template) + "</TemplateBody>"
	case "DetectStackDrift":
		return http.StatusOK, "<StackDriftDetectionId>1</StackDriftDetectionId>"
	case "DescribeStackDriftDetectionStatus":
		return http.StatusOK, "<DetectionStatus>DETECTION_COMPLETE</DetectionStatus>"
	case "DescribeStackResourceDrifts":
		return http.StatusOK, `<StackResourceDrifts><member><LogicalResourceId>Key</LogicalResourceId><ResourceType>AWS::KMS::Key</ResourceType>
			<StackResourceDriftStatus>MODIFIED</StackResourceDriftStatus><PropertyDifferences><member><PropertyPath>/EnableKeyRotation</PropertyPath>
			<ExpectedValue>true</ExpectedValue><ActualValue>false</ActualValue><DifferenceType>NOT_EQUAL</DifferenceType></member>
			<member><PropertyPath>/MasterPassword</PropertyPath><ExpectedValue>hush1</ExpectedValue><ActualValue>hush2</ActualValue></member></PropertyDifferences></member></StackResourceDrifts>`
	}
	return http.StatusOK, ""
}

func text(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// find is a stack by id, or the one that is there by name.
func (f *fake) find(name string) *fakeStack {
	for _, s := range f.stacks {
		if s.id == name || s.name == name && s.status != "DELETE_COMPLETE" {
			return s
		}
	}
	return nil
}

// plan makes a change set, and a stack to be where there is none.
func (f *fake) plan(s *fakeStack, r *http.Request) (int, string) {
	create := r.Form.Get("ChangeSetType") == "CREATE"
	switch {
	case s == nil && create:
		s = &fakeStack{name: r.Form.Get("StackName"), id: fmt.Sprintf("arn:stack/%s/%d", r.Form.Get("StackName"), len(f.stacks)), status: "REVIEW_IN_PROGRESS", sets: map[string]*fakeSet{}}
		f.stacks = append(f.stacks, s)
	case s == nil:
		return http.StatusBadRequest, failure("ValidationError", "Stack does not exist")
	case create != (s.status == "REVIEW_IN_PROGRESS"):
		return http.StatusBadRequest, failure("ValidationError", "Stack ["+s.name+"] already exists and cannot be created again")
	case strings.HasSuffix(s.status, "_IN_PROGRESS") && !create, s.status == "ROLLBACK_COMPLETE":
		return http.StatusBadRequest, failure("ValidationError", "Stack is in "+s.status+" state and can not be updated")
	}
	name := r.Form.Get("ChangeSetName")
	if s.sets[name] != nil {
		return http.StatusBadRequest, failure("AlreadyExistsException", "ChangeSet "+name+" cannot be created")
	}
	set := &fakeSet{template: r.Form.Get("TemplateBody"), status: "CREATE_COMPLETE", execution: "AVAILABLE"}
	if set.template == s.template {
		set.status = "FAILED"
	}
	s.sets[name] = set
	return http.StatusOK, "<Id>" + name + "</Id><StackId>" + s.id + "</StackId>"
}

func (s *fakeStack) described(name string) (int, string) {
	set := s.sets[name]
	if set == nil {
		return http.StatusBadRequest, failure("ChangeSetNotFound", "ChangeSet "+name+" does not exist")
	}
	var changes string
	was := resources(s.template)
	for _, r := range slices.Sorted(maps.Keys(resources(set.template))) {
		action, replacement := "Add", ""
		if _, ok := was[r]; ok {
			action, replacement = "Modify", "<Replacement>True</Replacement>"+details
		}
		changes += "<member><Type>Resource</Type><ResourceChange><Action>" + action + "</Action>" + replacement +
			"<LogicalResourceId>" + r + "</LogicalResourceId><ResourceType>AWS::S3::Bucket</ResourceType></ResourceChange></member>"
	}
	reason := ""
	if set.status == "FAILED" {
		reason = "The submitted information didn't contain changes."
	}
	return http.StatusOK, "<ChangeSetName>" + name + "</ChangeSetName><StackId>" + s.id + "</StackId><Status>" + set.status + "</Status><StatusReason>" + reason +
		"</StatusReason><ExecutionStatus>" + set.execution + "</ExecutionStatus><Changes>" + changes + "</Changes>"
}

// details are the properties of a change: one that replaces, one whose value nobody is to see, one that follows
// another resource.
const details = `<Details>
	<member><Target><Attribute>Properties</Attribute><Name>BucketName</Name><Path>/Properties/BucketName</Path><RequiresRecreation>Always</RequiresRecreation><BeforeValue>a</BeforeValue><AfterValue>b</AfterValue></Target><ChangeSource>DirectModification</ChangeSource></member>
	<member><Target><Attribute>Properties</Attribute><Name>Database</Name><Path>/Properties/Database/MasterPassword</Path><RequiresRecreation>Never</RequiresRecreation><BeforeValue>hush1</BeforeValue><AfterValue>hush2</AfterValue></Target></member>
	<member><Target><Attribute>Properties</Attribute><Name>Logging</Name><Path>/Properties/Logging/DestinationBucketName</Path></Target><ChangeSource>ResourceReference</ChangeSource><CausingEntity>Logs</CausingEntity></member>
	<member><Target><Attribute>Tags</Attribute></Target></member>
</Details>`

func (f *fake) execute(s *fakeStack, r *http.Request) (int, string) {
	set := s.sets[r.Form.Get("ChangeSetName")]
	if set == nil {
		return http.StatusBadRequest, failure("ChangeSetNotFound", "ChangeSet does not exist")
	}
	if set.execution != "AVAILABLE" {
		return http.StatusBadRequest, failure("InvalidChangeSetStatus", "ChangeSet cannot be executed in its current status of ["+set.execution+"]")
	}
	f.executed++
	set.execution = "EXECUTE_IN_PROGRESS"
	verb := "UPDATE"
	if s.status == "REVIEW_IN_PROGRESS" {
		verb = "CREATE"
	}
	s.begin(verb, set.template, r.Form.Get("ClientRequestToken"))
	return http.StatusOK, ""
}

// begin starts a change, which work carries on.
func (s *fakeStack) begin(verb, template, token string) {
	s.next, s.token, s.status, s.failing = template, token, verb+"_IN_PROGRESS", ""
	s.todo = slices.Sorted(maps.Keys(resources(template)))
	if verb == "DELETE" {
		s.todo = slices.Sorted(maps.Keys(resources(s.template)))
	}
	s.event(s.name, "AWS::CloudFormation::Stack", s.status, "")
}

func (s *fakeStack) event(resource, kind, status, reason string) {
	s.events = slices.Insert(s.events, 0, fmt.Sprintf("<member><EventId>%d</EventId><StackId>%s</StackId><StackName>%s</StackName><LogicalResourceId>%s</LogicalResourceId><ResourceType>%s</ResourceType>"+
		"<ResourceStatus>%s</ResourceStatus><ResourceStatusReason>%s</ResourceStatusReason><ClientRequestToken>%s</ClientRequestToken><Timestamp>%s</Timestamp></member>",
		len(s.events), s.id, s.name, resource, kind, status, reason, s.token, time.Now().UTC().Format(time.RFC3339)))
}

// work lets one resource come to be, or the stack reach its end.
func (s *fakeStack) work() {
	verb, moving := strings.CutSuffix(s.status, "_IN_PROGRESS")
	if !moving || verb == "REVIEW" {
		return
	}
	if len(s.todo) > 0 && s.failing == "" {
		r := s.todo[0]
		s.todo = s.todo[1:]
		if verb != "DELETE" && resources(s.next)[r] {
			s.failing = r
			s.event(r, "AWS::S3::Bucket", verb+"_FAILED", "the bucket name is taken")
			return
		}
		s.event(r, "AWS::S3::Bucket", verb+"_COMPLETE", "")
		return
	}
	switch {
	case s.failing != "" && verb == "CREATE":
		s.status, s.template = "ROLLBACK_COMPLETE", ""
	case s.failing != "":
		s.status = "UPDATE_ROLLBACK_COMPLETE"
	default:
		s.status, s.template = verb+"_COMPLETE", s.next
	}
	clear(s.sets)
	s.event(s.name, "AWS::CloudFormation::Stack", s.status, "")
}

func (s *fakeStack) describe() string {
	var outputs string
	for _, r := range slices.Sorted(maps.Keys(resources(s.template))) {
		outputs += "<member><OutputKey>" + r + "</OutputKey><OutputValue>id-" + r + "</OutputValue></member>"
	}
	return fmt.Sprintf("<Stacks><member><StackName>%s</StackName><StackId>%s</StackId><StackStatus>%s</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime>"+
		"<EnableTerminationProtection>%t</EnableTerminationProtection><Outputs>%s</Outputs></member></Stacks>", s.name, s.id, s.status, s.protected, outputs)
}
