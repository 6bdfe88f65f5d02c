package spark

import (
	"context"
	"errors"
	"fmt"
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
	errIncomplete = errors.New("spark: the server forgot the statement before all of its rows came: run it again")
)

const notFound = "INVALID_HANDLE.OPERATION_NOT_FOUND"

// explain turns an error of a call into what the server said, asking it for the whole text.
func (s *Session) explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
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
			s.details(ctx, id, e)
		}
	}
	if e.code == codes.Unavailable {
		e.Message = fmt.Sprintf("%s does not answer: %s", s.address, e.Message)
	}
	return e
}

// details fetches the whole message of an error, which a status cuts short. Failing to changes nothing.
func (s *Session) details(ctx context.Context, id string, e *Error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := s.client.FetchErrorDetails(ctx, &connectpb.FetchErrorDetailsRequest{
		SessionId: s.id, UserContext: s.user, ErrorId: id,
	})
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

// broken says whether a stream that ended with err may be taken up again: the connection failed, not
// the statement. gRPC calls some cuts internal errors, as servers call statements that failed.
func broken(err error) bool {
	switch message := status.Convert(err).Message(); status.Code(err) {
	case codes.Unavailable:
		return true
	case codes.Internal:
		return strings.Contains(message, "RST_STREAM") || strings.Contains(message, "unexpected EOF")
	}
	return false
}
