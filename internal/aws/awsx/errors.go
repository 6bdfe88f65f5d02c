package awsx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"
)

// Error is what AWS said against a call, with what to do about it. It is fs.ErrNotExist,
// fs.ErrExist or fs.ErrPermission where it means that.
type Error struct {
	Code    string // of the service, such as AccessDenied
	Message string // its own words
	hint    string
	is      error
}

func (e *Error) Error() string {
	if e.Code == "" || strings.Contains(e.Message, e.Code) {
		return "aws: " + e.Message
	}
	return fmt.Sprintf("aws: %s (%s)", e.Message, e.Code)
}

// Hint says what to do. It may be empty.
func (e *Error) Hint() string { return e.hint }

// Is makes errors.Is work with the errors of package fs.
func (e *Error) Is(target error) bool { return e.is != nil && target == e.is }

const (
	askFor  = "the credentials lack this permission: use others, or let the account's administrator add it"
	slower  = "AWS asks for fewer calls: wait a minute, and run it again"
	usedUp  = "a quota of the account is used up: raise it in Service Quotas, or remove what is not used"
	unknown = "AWS does not know the access key: check the credentials"
)

// codes are what error codes of AWS mean, whichever service says them. A code that ends in * stands
// for all that begin so.
var codes = []struct {
	code, hint string
	is         error
}{
	{"AccessDenied*", askFor, fs.ErrPermission},
	{"UnauthorizedOperation", askFor, fs.ErrPermission},
	{"ExpiredToken*", "the credentials have ended: sign in again", fs.ErrPermission},
	{"RequestExpired", "set the clock of this machine", fs.ErrPermission},
	{"InvalidClientTokenId", unknown, fs.ErrPermission},
	{"UnrecognizedClientException", unknown + ", and that the region is enabled", fs.ErrPermission},
	{"SignatureDoesNotMatch", "the secret key is not that of the access key: check the credentials", fs.ErrPermission},
	{"Throttling*", slower, nil},
	{"RequestLimitExceeded", slower, nil},
	{"LimitExceeded*", usedUp, nil},
	{"ServiceQuotaExceeded*", usedUp, nil},
	{"AlreadyExists*", "", fs.ErrExist},
	{"EntityAlreadyExists", "", fs.ErrExist},
	{"ResourceNotFound*", "", fs.ErrNotExist},
	{"ChangeSetNotFound*", "", fs.ErrNotExist},
	{"NoSuchBucket", "", fs.ErrNotExist},
	{"NoSuchEntity", "", fs.ErrNotExist},
	{"NoSuchKey", "", fs.ErrNotExist},
	{"NoSuchResource*", "", fs.ErrNotExist},
	{"NoSuchUpload", "", fs.ErrNotExist},
	{"NotFound*", "", fs.ErrNotExist},
	{"EntityNotFound*", "", fs.ErrNotExist},
}

// secret is what messages of AWS repeat of a request that nobody should read.
var secret = regexp.MustCompile(`(?i)(signature|security-token|secret)[^\s,;]*\s*[=:]\s*[^\s,;]+`)

// Explain puts an error of a call into words, and says what to do. Errors of the context stay as
// they are, and nil stays nil.
func Explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	var said smithy.APIError
	if !errors.As(err, &said) {
		text := err.Error()
		if strings.Contains(text, "failed to refresh cached credentials") || strings.Contains(text, "no EC2 IMDS role found") {
			return &Error{Message: "no credentials of AWS were found", hint: "sign in with the AWS tools, or set AWS_PROFILE"}
		}
		return &Error{Message: plainly(text), hint: "check the network, and the region"}
	}
	return explain(Error{Code: said.ErrorCode(), Message: said.ErrorMessage()})
}

// explain adds what a code means.
func explain(e Error) *Error {
	e.Message = secret.ReplaceAllString(e.Message, "$1=***")
	if e.Code == "ValidationError" && strings.Contains(e.Message, "does not exist") { // CloudFormation, of a stack
		e.is = fs.ErrNotExist
	}
	for _, c := range codes {
		if prefix, open := strings.CutSuffix(c.code, "*"); e.Code == c.code || open && strings.HasPrefix(e.Code, prefix) {
			e.hint, e.is = c.hint, c.is
			break
		}
	}
	return &e
}

// plainly is an error of a connection without the wrappings of the SDK.
func plainly(text string) string {
	for _, mark := range []string{"request send failed, ", "exceeded maximum number of attempts, "} {
		if i := strings.LastIndex(text, mark); i >= 0 {
			text = text[i+len(mark):]
		}
	}
	if count, rest, ok := strings.Cut(text, ", "); ok && len(count) < 3 { // of the attempts
		text = rest
	}
	return text
}
