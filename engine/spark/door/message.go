package door

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// message is one message as it is on the wire.
type message struct{ bytes mem.BufferSlice }

// free gives the memory of a message back; it can be used no more.
func (m *message) free() {
	m.bytes.Free()
	m.bytes = nil
}

// raw is a codec that leaves messages as they are.
type raw struct{}

// Marshal implements encoding.CodecV2.
func (raw) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*message)
	if !ok {
		return nil, fmt.Errorf("a %T is no message", v)
	}
	m.bytes.Ref() // gRPC frees what it has sent
	return m.bytes, nil
}

// Unmarshal implements encoding.CodecV2.
func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*message)
	if !ok {
		return fmt.Errorf("a %T is no message", v)
	}
	data.Ref()
	m.bytes = data
	return nil
}

// Name implements encoding.CodecV2: the content type of what goes by is that of protobuf.
func (raw) Name() string { return proto.Name }

// The fields that all requests of Spark Connect have in common, and that of its user's context.
const (
	sessionField     = 1
	userContextField = 2
	userIDField      = 1
	userNameField    = 2
)

var errMalformed = errors.New("the message is not one of Spark Connect")

// head is what the door reads of a request.
type head struct{ session, user string }

// readHead finds the session and the user. As in protobuf, of a field that stands twice the last one counts.
func readHead(b []byte) (head, error) {
	var h head
	err := fields(b, func(field protowire.Number, value []byte) error {
		switch field {
		case sessionField:
			h.session = string(value)
		case userContextField:
			return fields(value, func(field protowire.Number, value []byte) error {
				if field == userIDField {
					h.user = string(value)
				}
				return nil
			})
		}
		return nil
	})
	return h, err
}

// fields calls see for each field that has bytes.
func fields(b []byte, see func(protowire.Number, []byte) error) error {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errMalformed
		}
		b = b[n:]
		if kind != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(field, kind, b); n < 0 {
				return errMalformed
			}
			b = b[n:]
			continue
		}
		value, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return errMalformed
		}
		if err := see(field, value); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// userTail is what makes a request one of this user when it follows the request's bytes: a message
// that stands twice is merged, and of a text in it the last one counts.
func userTail(user string) []byte {
	var context []byte
	for _, field := range []protowire.Number{userIDField, userNameField} {
		context = protowire.AppendTag(context, field, protowire.BytesType)
		context = protowire.AppendString(context, user)
	}
	return protowire.AppendBytes(protowire.AppendTag(nil, userContextField, protowire.BytesType), context)
}
