package spark

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/spark/connectpb"
	"github.com/petalake/petalake/internal/sql"
)

// Error is what a Spark server said against a statement, or why it could not be asked. Where another
// writer's commit was first it is delta.ErrConflict too.
type Error struct {
	Class    string   // the error condition, such as TABLE_OR_VIEW_NOT_FOUND, where the server names one
	SQLState string   // five characters, or empty
	Message  string   // the server's own words, without secrets
	Causes   []string // first lines, where they say more than the message

	code codes.Code
	hint string
	torn bool // it came on another stream than the statement was sent on
}

func (e *Error) Error() string {
	out := "spark: " + strings.TrimSpace(e.Message)
	for _, cause := range e.Causes {
		out += "\ncaused by: " + cause
	}
	return out
}

// Is makes errors.Is(err, delta.ErrConflict) true of a commit that lost.
func (e *Error) Is(target error) bool {
	return target == delta.ErrConflict && strings.HasPrefix(e.Class, "DELTA_CONCURRENT_")
}

// Hint says what to do about a server that cannot be asked, or is asked too much. It may be empty.
func (e *Error) Hint() string { return e.hint }

// hinted is an error of ours with what to do about it.
type hinted struct{ text, hint string }

func (e *hinted) Error() string { return "spark: " + e.text }
func (e *hinted) Hint() string  { return e.hint }

var (
	// ErrSessionLost says that the server does not have the session any more: it started anew, or ended
	// the session after a time without statements. What the session held is gone.
	ErrSessionLost error = &hinted{"the server lost the session", "open another: temporary views and settings must be made again"}

	errNoAnswer   error = &hinted{"the server ran the statement, and did not say what it gives", "use a server of Spark 4.1 or later"}
	errSilent     error = &hinted{"the server ends its answers before they are complete", "see its log"}
	errIncomplete error = &hinted{"the server forgot the statement before its answer was complete", "run it again"}
)

// unknown says that a statement may have changed something, or not: its answer did not come.
type unknown struct{ err error }

func (e *unknown) Error() string {
	return "spark: whether the statement ran is not known: " + strings.TrimPrefix(e.err.Error(), "spark: ")
}
func (e *unknown) Unwrap() error        { return e.err }
func (e *unknown) Is(target error) bool { return target == delta.ErrUnknownOutcome }
func (e *unknown) Hint() string         { return "look at the table before running it again" }

// The conditions of a server that a client acts on.
const (
	notFound     = "INVALID_HANDLE.OPERATION_NOT_FOUND"      // the plan never came, or was forgotten
	already      = "INVALID_HANDLE.OPERATION_ALREADY_EXISTS" // it came
	changed      = "INVALID_HANDLE.SESSION_CHANGED"          // the server is another one
	closed       = "INVALID_HANDLE.SESSION_CLOSED"           // the session was ended, or timed out
	noSession    = "INVALID_HANDLE.SESSION_NOT_FOUND"        //
	disconnected = "INVALID_CURSOR.DISCONNECTED"             // another stream took the operation up
)

// lost says that the server does not have the session any more.
func lost(err error) bool {
	return errors.Is(err, ErrSessionLost) || says(err, changed) || says(err, closed) || says(err, noSession)
}

func says(err error, condition string) bool { return strings.Contains(err.Error(), condition) }

// broken says whether a call that ended with err may be made again, or a stream taken up again: the
// connection failed, not the statement. gRPC has several codes for a stream that was cut, and servers
// use the same ones for statements that failed.
func broken(err error) bool {
	message := status.Convert(err).Message()
	switch status.Code(err) {
	case codes.Unavailable:
		return true
	case codes.Internal, codes.Canceled, codes.Unknown:
		return strings.Contains(message, "RST_STREAM") || strings.Contains(message, "unexpected EOF") ||
			strings.Contains(message, "without sending trailers") || strings.Contains(message, disconnected)
	}
	return false
}

// explain turns an error of a call into what the server said, asking it for the whole text.
func (l *link) explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if lost(err) {
		return ErrSessionLost
	}
	if errors.Is(err, io.EOF) {
		return errSilent
	}
	st, ok := status.FromError(err)
	if !ok {
		return err
	}
	e := &Error{Message: st.Message(), code: st.Code()}
	for _, detail := range st.Details() {
		info, ok := detail.(*errdetails.ErrorInfo)
		if !ok {
			continue
		}
		e.Class, e.SQLState = info.Metadata["errorClass"], info.Metadata["sqlState"]
		if id := info.Metadata["errorId"]; id != "" {
			l.details(ctx, id, e)
		}
	}
	e.Message = tree.ReplaceAllString(e.Message, "$1")
	l.advise(e)
	e.Message = l.bearer.strike(e.Message)
	for i, cause := range e.Causes {
		e.Causes[i] = l.bearer.strike(cause)
	}
	return e
}

// tree is the plan that Spark puts behind what it says of a statement.
var tree = regexp.MustCompile(`(?s)(SQLSTATE: \w{5}(?:; line \d+ pos \d+)?);\n.*`)

// details fetches the whole message of an error, which a status cuts short, and its causes. Failing to
// changes nothing.
func (l *link) details(ctx context.Context, id string, e *Error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := l.client.FetchErrorDetails(ctx, &connectpb.FetchErrorDetailsRequest{ErrorId: id})
	if err != nil || r.RootErrorIdx == nil {
		return
	}
	seen := map[int32]bool{}
	for at := r.RootErrorIdx; at != nil && int(*at) < len(r.GetErrors()) && *at >= 0 && !seen[*at]; {
		part := r.GetErrors()[*at]
		if len(seen) == 0 {
			e.root(part)
		} else if first, _, _ := strings.Cut(strings.TrimSpace(part.GetMessage()), "\n"); first != "" && !strings.Contains(e.Error(), first) {
			e.Causes = append(e.Causes, first)
		}
		seen[*at] = true
		at = part.CauseIdx
	}
}

// root takes over what the outermost of the errors says.
func (e *Error) root(part *connectpb.FetchErrorDetailsResponse_Error) {
	if m := part.GetMessage(); m != "" {
		e.Message = m
	}
	t := part.GetSparkThrowable()
	if class := t.GetErrorClass(); class != "" {
		e.Class = class
	}
	if state := t.GetSqlState(); state != "" {
		e.SQLState = state
	}
}

// advice says what the words of an error mean and what to do, most telling words first. A message
// with %s says it of the address, one without says nothing new.
var advice = []struct{ words, message, hint string }{
	{"first record does not look like a TLS handshake", "%s does not speak TLS", "leave use_ssl=true and the CA file out, or give the port that speaks TLS"},
	{"x509: certificate is valid for", "the certificate of %s is one of another name", "write the address by that name"},
	{"x509:", "the certificate of %s is not trusted", "give the certificate of the authority that signed it as CA file"},
	{"server preface", "%s does not answer as Spark Connect does", portHint},
	{"unexpected HTTP status code", "%s does not answer as Spark Connect does", portHint},
	{"unknown service", "%s does not answer as Spark Connect does", portHint},
	{"TaskResultLost", "", memoryHint},
	{"Java heap space", "", memoryHint},
	{"spark.driver.maxResultSize", "", memoryHint},
	{"TYPE_NOT_SET", "", planHint}, // Spark, of a relation or a command
	{"No handler found for extension", "", planHint},
	{"extension relation", "", planHint}, // Sail
	{"missing argument: relation type", "", planHint},
	{"missing argument: command", "", planHint},
	{"not implemented", "", planHint},
	{"unsupported", "", planHint},
}

const (
	portHint   = "give the port of Spark Connect, 15002 unless it was changed, and use_ssl=true where the server wants TLS"
	memoryHint = "the memory of the server is full: ask for fewer rows, or give it more (spark.memory in the environment)"
	planHint   = "the server does not know this kind of plan: write it as SQL, or use a server of Spark 4.1 or later"
)

// advise puts an error of the connection into words, and adds what to do.
func (l *link) advise(e *Error) {
	for _, a := range advice {
		statement := e.code == codes.Unavailable || e.Class != "" && e.Class != "INTERNAL_ERROR"
		if !strings.Contains(e.Message, a.words) || a.message == "" && statement {
			continue
		}
		if a.message != "" {
			e.Message = fmt.Sprintf(a.message, l.address) + ": " + plainly(e.Message)
		}
		e.hint = a.hint
		return
	}
	switch e.code {
	case codes.Unavailable:
		e.Message = l.address + " does not answer: " + plainly(e.Message)
		e.hint = "check that a Spark Connect server runs at that address"
	case codes.Unauthenticated, codes.PermissionDenied:
		e.Message = l.address + " does not let us in: " + plainly(e.Message)
		e.hint = "give the token that the server knows (spark.connect.authenticate.token), or a new one if it has ended"
	case codes.Unimplemented:
		e.hint = planHint
	}
}

// plainly is a message of gRPC without the wrappings.
func plainly(message string) string {
	if _, inner, ok := strings.Cut(message, `desc = "`); ok {
		message = strings.TrimSuffix(inner, `"`)
	}
	message, _, _ = strings.Cut(message, "\n")
	message, _, _ = strings.Cut(message, "; transport: received unexpected content-type")
	for _, wrapping := range []string{"transport: ", "Error while dialing: ", "authentication handshake failed: ", "error reading server preface: "} {
		message = strings.TrimPrefix(message, wrapping)
	}
	return message
}

// oldest is the first major version of Spark whose server this client speaks with.
const oldest = 4

// supported refuses servers of before Spark 4. A version that is no number is let through.
func (l *link) supported(version string) error {
	major, err := strconv.Atoi(strings.SplitN(version, ".", 2)[0])
	if err != nil || major >= oldest {
		return nil
	}
	return &Error{
		Message: fmt.Sprintf("%s is Spark %s, which is too old", l.address, version), code: codes.Unimplemented,
		hint: "use a server of Spark 4.0 or later",
	}
}

// unsure marks the error of a command whose end is not known: it was sent, and what came is no
// answer to it. After a cut, what a server says without a condition may be of the cut, as Sail forgets
// what ran then. One that only reads has changed nothing.
func unsure(err error, text string) error {
	var said *Error
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), sql.Reads(text):
		return err
	case errors.As(err, &said) && said.code != codes.Unavailable && (said.Class != "" || !said.torn):
		return err
	}
	return &unknown{err}
}

// Unreachable says whether an error is that the server does not answer.
func Unreachable(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.code == codes.Unavailable
}
