package onnx

import (
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is an encoded Protocol Buffers message without the bytes of large weights.
type message []byte

func (m message) int(field protowire.Number, v int64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), uint64(v))
}

func (m message) float(field protowire.Number, v float32) message {
	return protowire.AppendFixed32(protowire.AppendTag(m, field, protowire.Fixed32Type), math.Float32bits(v))
}

func (m message) text(field protowire.Number, v string) message {
	return protowire.AppendString(protowire.AppendTag(m, field, protowire.BytesType), v)
}

func (m message) sub(field protowire.Number, v message) message {
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), v)
}

// head appends the tag and the length of n bytes that follow.
func (m message) head(field protowire.Number, n int64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.BytesType), uint64(n))
}

// entry is a StringStringEntryProto.
func entry(key, value string) message { return message(nil).text(1, key).text(2, value) }

// encode encodes a NodeProto.
func (n Node) encode() (m message) {
	for _, in := range n.In {
		m = m.text(1, in)
	}
	for _, out := range n.Out {
		m = m.text(2, out)
	}
	m = m.text(3, n.Name).text(4, n.Op)
	for _, a := range n.Attrs {
		m = m.sub(5, a.encode())
	}
	return m
}

// encode encodes an AttributeProto. Check has validated the type.
func (a Attr) encode() message {
	m := message(nil).text(1, a.Name)
	switch v := a.Value.(type) {
	case float32:
		m = m.float(2, v).int(20, 1)
	case int:
		m = m.int(3, int64(v)).int(20, 2)
	case []int:
		for _, i := range v {
			m = m.int(8, int64(i))
		}
		m = m.int(20, 7)
	}
	return m
}

// encode encodes a ValueInfoProto.
func (v Value) encode() message {
	var shape message
	for _, d := range v.Shape {
		if d.Name != "" {
			shape = shape.sub(1, message(nil).text(2, d.Name))
		} else {
			shape = shape.sub(1, message(nil).int(1, int64(d.Size)))
		}
	}
	kind := message(nil).int(1, int64(v.Type)).sub(2, shape)
	return message(nil).text(1, v.Name).sub(2, message(nil).sub(1, kind))
}

// encode encodes a TensorProto without its data.
func (t Tensor) encode() (m message) {
	for _, d := range t.Shape {
		m = m.int(1, int64(d))
	}
	kind, _, _ := typeOf(t.Data)
	return m.int(2, int64(kind)).text(8, t.Name)
}

// external appends the place of a tensor's data in another file.
func (m message) external(file string, offset, length int64) message {
	m = m.sub(13, entry("location", file)).sub(13, entry("offset", strconv.FormatInt(offset, 10)))
	return m.sub(13, entry("length", strconv.FormatInt(length, 10))).int(14, 1)
}
