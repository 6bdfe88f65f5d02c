package emr_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// fake is an EMR, with an application "app" and a cluster "j-1", that mistreats one call of its choice.
type fake struct {
	mu      sync.Mutex
	calls   int
	hurt    int // the call that is mistreated, from 1; 0 for none
	how     string
	started []started
	states  map[string]string // of the started, the cluster and the sessions
	asked   int               // for an endpoint
}

// started is a job run or a step.
type started struct {
	id, token string
	request   map[string]any
}

func (f *fake) serve(t *testing.T) string {
	f.states = map[string]string{"j-1": "WAITING"}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s.URL
}

// become sets the state of something.
func (f *fake) become(id, state string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.states[id] = state
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	hurt := f.calls == f.hurt
	in := map[string]any{}
	_ = json.NewDecoder(r.Body).Decode(&in)
	var out any
	switch {
	case hurt && f.how == "cut":
		panic(http.ErrAbortHandler)
	case hurt && f.how == "throttled":
		out = failure{http.StatusBadRequest, "ThrottlingException", "Rate exceeded"}
	case r.Header.Get("X-Amz-Target") != "":
		out = f.cluster(strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "ElasticMapReduce."), in)
	default:
		out = f.serverless(r.Method, strings.Split(strings.Trim(r.URL.Path, "/"), "/"), in)
	}
	if hurt && f.how == "lost" {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	if bad, ok := out.(failure); ok {
		w.Header().Set("X-Amzn-ErrorType", bad.code)
		w.WriteHeader(bad.status)
		out = map[string]any{"__type": bad.code, "message": bad.message, "Message": bad.message}
	}
	_ = json.NewEncoder(w).Encode(out)
}

type failure struct {
	status        int
	code, message string
}

type object = map[string]any

// start remembers what is started, once for each token.
func (f *fake) start(prefix, token string, in object, state string) string {
	for _, s := range f.started {
		if s.token == token {
			return s.id
		}
	}
	id := fmt.Sprintf("%s%d", prefix, len(f.started)+1)
	f.started = append(f.started, started{id, token, in})
	f.states[id] = state
	return id
}

func (f *fake) cluster(action string, in object) any {
	step, _ := in["StepId"].(string)
	session, _ := in["SessionId"].(string)
	if id, ok := in["ClusterId"].(string); ok && id != "j-1" {
		return failure{http.StatusBadRequest, "InvalidRequestException", "Cluster id '" + id + "' is not valid."}
	}
	switch action {
	case "AddJobFlowSteps":
		config := in["Steps"].([]any)[0].(object)
		id := f.start("s-", fmt.Sprint(len(f.started)), config, "PENDING") // no token: each call is another step
		return object{"StepIds": []string{id}}
	case "ListSteps":
		steps := []object{}
		for _, s := range f.started {
			steps = append(steps, object{"Id": s.id, "Name": s.request["Name"]})
		}
		return object{"Steps": steps}
	case "DescribeStep":
		return object{"Step": object{"Id": step, "Status": object{"State": f.states[step], "FailureDetails": object{"Reason": "Unknown Error", "Message": "exit code 13"}}}}
	case "DescribeCluster":
		return object{"Cluster": object{"Id": "j-1", "Status": object{"State": f.states["j-1"]}}}
	case "CancelSteps":
		f.states[in["StepIds"].([]any)[0].(string)] = "CANCELLED"
		return object{}
	case "StartSession":
		return object{"Id": f.start("session-", in["ClientRequestToken"].(string), in, "SUBMITTED"), "ClusterId": "j-1"}
	case "GetSession":
		return object{"Session": object{"Id": session, "State": f.advance(session)}}
	case "GetSessionEndpoint":
		f.asked++
		return object{"Endpoint": "https://sessions.example:443", "AuthToken": fmt.Sprintf("token-%d", f.asked), "AuthTokenExpirationTime": 4102444800}
	case "TerminateSession":
		f.states[session] = "TERMINATED"
		return object{}
	}
	return failure{http.StatusBadRequest, "InvalidRequestException", "no such action: " + action}
}

// advance lets a session come closer to being ready.
func (f *fake) advance(id string) string {
	now := f.states[id]
	f.states[id] = map[string]string{"SUBMITTED": "STARTING", "STARTING": "IDLE"}[now]
	if f.states[id] == "" {
		f.states[id] = now
	}
	return now
}

func (f *fake) serverless(method string, path []string, in object) any {
	if len(path) < 3 || path[1] != "app" {
		return failure{http.StatusNotFound, "ResourceNotFoundException", "Application not found"}
	}
	switch kind := method + " " + path[2]; {
	case kind == "POST jobruns":
		return object{"applicationId": "app", "jobRunId": f.start("jr-", in["clientToken"].(string), in, "SUBMITTED"), "arn": "arn:aws:emr-serverless:x"}
	case kind == "GET jobruns":
		if f.states[path[3]] == "" {
			return failure{http.StatusNotFound, "ResourceNotFoundException", "Job run not found"}
		}
		return object{"jobRun": object{"jobRunId": path[3], "state": f.states[path[3]], "stateDetails": "Job failed, exit code 1"}}
	case kind == "DELETE jobruns":
		f.states[path[3]] = "CANCELLED"
		return object{"applicationId": "app", "jobRunId": path[3]}
	case kind == "POST sessions" && len(path) == 3:
		return object{"applicationId": "app", "sessionId": f.start("session-", in["clientToken"].(string), in, "SUBMITTED"), "arn": "arn:aws:emr-serverless:x"}
	case kind == "GET sessions" && len(path) == 5:
		f.asked++
		return object{"applicationId": "app", "sessionId": path[3], "endpoint": "sessions.example", "authToken": fmt.Sprintf("token-%d", f.asked), "authTokenExpiresAt": 4102444800}
	case kind == "GET sessions":
		return object{"session": object{"sessionId": path[3], "state": f.advance(path[3])}}
	case kind == "DELETE sessions":
		f.states[path[3]] = "TERMINATED"
		return object{"applicationId": "app", "sessionId": path[3]}
	}
	return failure{http.StatusNotFound, "ResourceNotFoundException", strings.Join(path, "/")}
}
