package s3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/petalake/petalake/store"
)

// Error is an answer of the server that says no.
type Error struct {
	Op      string // "get", "put", "list" or "delete"
	Place   string // "s3://bucket/key"
	Code    string // S3's word for it, "AccessDenied"
	Message string
	Status  int // of HTTP

	is   error
	hint string
}

func (e *Error) Error() string {
	text := e.Code
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Op == "" {
		return text
	}
	return fmt.Sprintf("%s %s: %s", e.Op, e.Place, text)
}

// Unwrap gives fs.ErrNotExist and the like, where the code means that.
func (e *Error) Unwrap() error { return e.is }

// Hint says what the user can do; it may be empty.
func (e *Error) Hint() string { return e.hint }

// meaning is what a code of S3 is to us.
type meaning struct {
	is        error // fs.ErrNotExist and the like
	temporary bool  // worth another attempt
	lost      bool  // a write may have happened all the same
	hint      string
}

// meaningOf is the one table of S3's error codes ("Error responses" in the S3 API Reference). A
// code that it does not know is judged by its HTTP status.
func meaningOf(code string, status int) meaning {
	switch code {
	case "NoSuchKey", "NotFound":
		return meaning{is: fs.ErrNotExist}
	case "NoSuchBucket":
		return meaning{hint: "make the bucket, or correct its name in lakehouse.yaml"}
	case "PreconditionFailed":
		return meaning{is: fs.ErrExist}
	case "ConditionalRequestConflict", "OperationAborted":
		return meaning{temporary: true}
	case "SlowDown", "ServiceUnavailable", "Throttling", "ThrottlingException", "RequestLimitExceeded", "BandwidthLimitExceeded",
		"TooManyRequests", "KMS.ThrottlingException":
		return meaning{temporary: true} // turned away at the door
	case "RequestTimeout", "BadDigest", "XAmzContentChecksumMismatch", "IncompleteBody", "XAmzContentSHA256Mismatch":
		return meaning{temporary: true} // the body did not arrive whole
	case "InternalError":
		return meaning{temporary: true, lost: true}
	case "NoSuchUpload":
		return meaning{lost: true} // completed, or aborted by another
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidSecurity":
		return meaning{is: fs.ErrPermission, hint: "check the access key and its secret: aws sts get-caller-identity"}
	case "ExpiredToken", "TokenRefreshRequired", "ExpiredTokenException":
		return meaning{is: fs.ErrPermission, hint: "the credentials have expired: sign in again, for instance aws sso login"}
	case "RequestTimeTooSkewed":
		return meaning{is: fs.ErrPermission, hint: "set the clock of this machine"}
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "TemporaryRedirect":
		return meaning{hint: "set the region of the bucket in lakehouse.yaml: aws s3api get-bucket-location tells it"}
	case "NotImplemented":
		return meaning{}
	case "KeyTooLongError", "InvalidURI":
		return meaning{is: fs.ErrInvalid}
	case "KMS.DisabledException", "KMS.NotFoundException", "KMS.KMSInvalidStateException", "KMS.InvalidStateException":
		return meaning{hint: "check the key named by the encryption setting: aws kms describe-key"}
	}
	return meaningOfStatus(status)
}

func meaningOfStatus(status int) meaning {
	switch {
	case status == 401 || status == 403:
		return meaning{is: fs.ErrPermission, hint: "grant the s3: actions of docs/storage.md on the bucket, and use of its KMS key"}
	case status == 412:
		return meaning{is: fs.ErrExist}
	case status == 409, status == 429, status == 503:
		return meaning{temporary: true}
	case status >= 500:
		return meaning{temporary: true, lost: true}
	}
	return meaning{}
}

// classify turns an error of the SDK into ours. Write says that the call changes an object, so
// that a lost answer is store.ErrUnknown.
func (s *Store) classify(ctx context.Context, op, key string, write bool, err error) error {
	if err == nil {
		return nil
	}
	err, temporary, lost := s.judge(ctx, op, key, err)
	if lost && write {
		err = &store.UnknownError{Key: key, Cause: err}
	}
	if temporary {
		return store.Temporary(err)
	}
	return err
}

//lint:ignore ST1008 the error is the answer here, not the outcome
func (s *Store) judge(ctx context.Context, op, key string, err error) (judged error, temporary, lost bool) {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		status := 0
		if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
			status = response.HTTPStatusCode()
		}
		m := meaningOf(api.ErrorCode(), status)
		return s.errorOf(op, key, api.ErrorCode(), api.ErrorMessage(), status, m), m.temporary, m.lost
	}
	judged = &fs.PathError{Op: op, Path: s.place(key), Err: err}
	if ctx.Err() != nil {
		return &fs.PathError{Op: op, Path: s.place(key), Err: ctx.Err()}, false, true
	}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok { // an answer that is not S3's
		m := meaningOfStatus(response.HTTPStatusCode())
		return judged, m.temporary || response.HTTPStatusCode() < 300, m.lost || response.HTTPStatusCode() < 300
	}
	if _, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
			return judged, true, false // nothing was sent
		}
		return judged, true, true
	}
	return judged, false, false // before sending: credentials, signing, reading the body
}

func (s *Store) errorOf(op, key, code, message string, status int, m meaning) *Error {
	return &Error{Op: op, Place: s.place(key), Code: code, Message: message, Status: status, is: m.is, hint: m.hint}
}

func (s *Store) place(key string) string { return "s3://" + s.options.Bucket + "/" + s.folder + key }
