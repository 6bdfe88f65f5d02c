package awsx

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Account is the account that the credentials belong to.
func Account(ctx context.Context, cfg aws.Config) (string, error) {
	arn, err := Principal(ctx, cfg)
	if parts := strings.Split(arn, ":"); len(parts) > 4 {
		return parts[4], nil
	}
	return "", err
}

// Principal is the ARN of whom the credentials belong to.
func Principal(ctx context.Context, cfg aws.Config) (string, error) {
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", Explain(err)
	}
	return aws.ToString(out.Arn), nil
}

// Global is the region of services that have one place for all, such as IAM.
const Global = "aws-global"

// JSON makes one call of a service whose package would be too much for it: target is as in the header
// X-Amz-Target, in and out are JSON. Services are signed for by their name, in a region.
func JSON(ctx context.Context, cfg aws.Config, service, region, target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	version := "1.1"
	if service == "sqs" {
		version = "1.0"
	}
	data, err := call(ctx, cfg, request{service, region, "/", http.Header{"Content-Type": {"application/x-amz-json-" + version}, "X-Amz-Target": {target}}, body})
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(data, out)
}

// Query is JSON for the services that speak forms and XML, such as ec2.
func Query(ctx context.Context, cfg aws.Config, service, region string, form url.Values, out any) error {
	data, err := call(ctx, cfg, request{service, region, "/", http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}, []byte(form.Encode())})
	if err != nil || out == nil {
		return err
	}
	return xml.Unmarshal(data, out)
}

// REST is JSON for the services that have a path for each call, such as lakeformation.
func REST(ctx context.Context, cfg aws.Config, service, region, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	data, err := call(ctx, cfg, request{service, region, path, http.Header{"Content-Type": {"application/json"}}, body})
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(data, out)
}

// request is a call before it is signed.
type request struct {
	service, region, path string
	header                http.Header
	body                  []byte
}

// call sends a request, again where the service asks for that or does not answer. Calls must be ones
// that do no harm twice.
func call(ctx context.Context, cfg aws.Config, r request) (data []byte, err error) {
	for attempt := range attempts {
		if attempt > 0 {
			if err := Sleep(ctx, 100*time.Millisecond<<attempt); err != nil {
				return nil, err
			}
		}
		var again bool
		if data, again, err = send(ctx, cfg, r); !again {
			return data, err
		}
	}
	return nil, err
}

func send(ctx context.Context, cfg aws.Config, r request) (data []byte, again bool, err error) {
	endpoint, region := "https://"+r.service+"."+r.region+".amazonaws.com", r.region
	switch {
	case region == Global && strings.HasPrefix(cfg.Region, "us-gov-"):
		endpoint, region = "https://"+r.service+".us-gov.amazonaws.com", "us-gov-west-1"
	case region == Global:
		endpoint, region = "https://"+r.service+".amazonaws.com", "us-east-1"
	}
	if cfg.BaseEndpoint != nil {
		endpoint = strings.TrimSuffix(*cfg.BaseEndpoint, "/")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, false, err
	}
	request.Header = r.header.Clone()
	credentials, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, false, Explain(err)
	}
	sum := sha256.Sum256(r.body)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(sum[:]), r.service, region, time.Now()); err != nil {
		return nil, false, err
	}
	var client interface {
		Do(*http.Request) (*http.Response, error)
	} = http.DefaultClient
	if cfg.HTTPClient != nil {
		client = cfg.HTTPClient
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, ctx.Err() == nil, Explain(err)
	}
	defer response.Body.Close()
	if data, err = io.ReadAll(response.Body); err != nil {
		return nil, ctx.Err() == nil, Explain(err)
	}
	if response.StatusCode == http.StatusOK {
		return data, false, nil
	}
	said := refusal(data)
	if said.Code == "" { // the services with paths say it in a header
		said.Code, _, _ = strings.Cut(response.Header.Get("X-Amzn-Errortype"), ":")
	}
	if said.Code == "" {
		said.Code, said.Message = response.Status, r.service+" answered so"
	}
	err = explain(said)
	return nil, response.StatusCode >= 500 || slices.Contains(passing, said.Code), err
}

// passing are the codes of what is over in a moment.
var passing = []string{"Throttling", "ThrottlingException", "RequestLimitExceeded", "ConcurrentModificationException", "OperationTimeoutException"}

// Sleep waits, and says why where ctx ends before.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// refusal is the error in an answer of JSON or XML.
func refusal(data []byte) (e Error) {
	var j struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
		Large   string `json:"Message"`
	}
	if json.Unmarshal(data, &j) == nil {
		if i := strings.LastIndexByte(j.Type, '#'); i >= 0 { // the name of its model stands before it
			j.Type = j.Type[i+1:]
		}
		return Error{Code: j.Type, Message: j.Message + j.Large}
	}
	var x struct {
		Code    string                         `xml:"Errors>Error>Code"` // of ec2
		Message string                         `xml:"Errors>Error>Message"`
		Plain   struct{ Code, Message string } `xml:"Error"` // of all others
	}
	if xml.Unmarshal(data, &x) == nil {
		return Error{Code: x.Code + x.Plain.Code, Message: x.Message + x.Plain.Message}
	}
	return Error{Message: fmt.Sprintf("%.200s", data)}
}
