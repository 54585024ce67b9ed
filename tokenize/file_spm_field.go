package tokenize

import (
	"github.com/pkg/errors"
	"google.golang.org/protobuf/encoding/protowire"
)

// field is one field of a protobuf message.
type field struct {
	number protowire.Number
	kind   protowire.Type
	value  uint64 // the value of a number
	bytes  []byte // the value of a string, bytes or message; part of the message, not a copy
	raw    []byte // the whole field, including its tag
}

// eachField calls do for every field of a message, in order. It allocates nothing. An error names the byte of the
// message.
func eachField(message []byte, do func(field) error) error {
	for at := 0; at < len(message); {
		v, err := parseField(message[at:])
		if err == nil {
			err = do(v)
		}
		if err != nil {
			return errors.WithMessagef(err, "byte %d", at)
		}
		at += len(v.raw)
	}
	return nil
}

func parseField(message []byte) (v field, err error) {
	n := 0
	v.number, v.kind, n = protowire.ConsumeTag(message)
	if n < 0 {
		return v, errors.Wrap(protowire.ParseError(n), "protobuf: tag")
	}
	rest, m := message[n:], 0
	switch v.kind {
	case protowire.VarintType:
		v.value, m = protowire.ConsumeVarint(rest)
	case protowire.Fixed32Type:
		var value uint32
		value, m = protowire.ConsumeFixed32(rest)
		v.value = uint64(value)
	case protowire.Fixed64Type:
		v.value, m = protowire.ConsumeFixed64(rest)
	case protowire.BytesType:
		v.bytes, m = protowire.ConsumeBytes(rest)
	default:
		m = protowire.ConsumeFieldValue(v.number, v.kind, rest)
	}
	if m < 0 {
		return v, errors.Wrapf(protowire.ParseError(m), "protobuf: field %d", v.number)
	}
	v.raw = message[:n+m]
	return v, nil
}
