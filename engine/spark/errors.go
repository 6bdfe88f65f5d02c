package spark

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/petalake/petalake/engine/spark/connectpb"
)

// Error is what a Spark server said against a statement.
type Error struct {
	Class    string // the error condition, such as TABLE_OR_VIEW_NOT_FOUND, where the server names one
	SQLState string // five characters, or empty
	Message  string // the server's own words

	code codes.Code
}

func (e *Error) Error() string { return "spark: " + e.Message }

// Hint says what to do about a server that does not answer or does not let us in.
func (e *Error) Hint() string {
	switch e.code {
	case codes.Unavailable:
		return "check that a Spark Connect server runs at that address"
	case codes.Unauthenticated, codes.PermissionDenied:
		return "give the token that the server was started with (spark.connect.authenticate.token)"
	case codes.Unimplemented:
		return "the server does not know this call: Spark 4.0 or later is needed"
	}
	return ""
}

var (
	// ErrSessionLost says that the server started anew in the middle of a statement: what the session held is gone.
	ErrSessionLost = errors.New("spark: the server lost the session: open another")

	errNoAnswer   = errors.New("spark: the server ran the statement, and did not say what it gives")
	errSilent     = errors.New("spark: the server ends its answers before they are complete")
	errIncomplete = errors.New("spark: the server forgot the statement before all of its rows came: run it again")
)

// The conditions of a server that a client acts on.
const (
	notFound     = "INVALID_HANDLE.OPERATION_NOT_FOUND"      // the plan never came, or was forgotten
	already      = "INVALID_HANDLE.OPERATION_ALREADY_EXISTS" // it came
	changed      = "INVALID_HANDLE.SESSION_CHANGED"          // the server is another one
	closed       = "INVALID_HANDLE.SESSION_CLOSED"           // the session was ended, or timed out
	noSession    = "INVALID_HANDLE.SESSION_NOT_FOUND"        //
	disconnected = "INVALID_CURSOR.DISCONNECTED"             // another stream took the operation up
)

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
	if e.code == codes.Unavailable {
		e.Message = fmt.Sprintf("%s does not answer: %s", l.address, e.Message)
	}
	return e
}

// details fetches the whole message of an error, which a status cuts short. Failing to changes nothing.
func (l *link) details(ctx context.Context, id string, e *Error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := l.client.FetchErrorDetails(ctx, &connectpb.FetchErrorDetailsRequest{ErrorId: id})
	if err != nil || r.RootErrorIdx == nil || int(r.GetRootErrorIdx()) >= len(r.GetErrors()) {
		return
	}
	root := r.GetErrors()[r.GetRootErrorIdx()]
	if m := root.GetMessage(); m != "" {
		e.Message = m
	}
	if t := root.GetSparkThrowable(); t != nil {
		e.Class = t.GetErrorClass()
	}
}

// oldest is the first major version of Spark whose server this client speaks with.
const oldest = 4

// supported refuses servers of before Spark 4. A version that is no number is let through.
func (l *link) supported(version string) error {
	major, err := strconv.Atoi(strings.SplitN(version, ".", 2)[0])
	if err != nil || major >= oldest {
		return nil
	}
	return &Error{Message: fmt.Sprintf("%s is Spark %s, which is too old", l.address, version), code: codes.Unimplemented}
}

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

// Unreachable says whether an error is that the server does not answer.
func Unreachable(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.code == codes.Unavailable
}
