package onnx_test

import (
	"encoding/binary"
	"math"
	"os"
	"strconv"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is a field of a Protocol Buffers message: a number, or bytes.
type field struct {
	number protowire.Number
	value  uint64
	bytes  []byte
}

// fields splits a message.
func fields(t *testing.T, b []byte) (all []field) {
	t.Helper()
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatalf("tag: %v", protowire.ParseError(n))
		}
		b = b[n:]
		f := field{number: number}
		switch kind {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			f.value = uint64(v)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			t.Fatalf("field %d has the wire type %d", number, kind)
		}
		if n < 0 {
			t.Fatalf("field %d: %v", number, protowire.ParseError(n))
		}
		all, b = append(all, f), b[n:]
	}
	return all
}

// file is an ONNX file as the reader finds it.
type file struct {
	ir, opset uint64
	name      string
	nodes     []node
	inputs    []string // name, type and dims
	outputs   []string
	tensors   map[string]stored
}

type node struct {
	op, name string
	in, out  []string
	attrs    map[string]any
}

type stored struct {
	dims     []uint64
	kind     uint64
	raw      []byte
	external map[string]string
}

// read reads a file by onnx.proto's field numbers.
func read(t *testing.T, path string) file {
	t.Helper()
	data, err := os.ReadFile(path)
	check(t, err)
	f := file{tensors: map[string]stored{}}
	for _, m := range fields(t, data) {
		switch m.number {
		case 1:
			f.ir = m.value
		case 8:
			for _, o := range fields(t, m.bytes) {
				if o.number == 2 {
					f.opset = o.value
				}
			}
		case 7:
			f.graph(t, m.bytes)
		}
	}
	return f
}

func (f *file) graph(t *testing.T, b []byte) {
	for _, g := range fields(t, b) {
		switch g.number {
		case 1:
			f.nodes = append(f.nodes, readNode(t, g.bytes))
		case 2:
			f.name = string(g.bytes)
		case 5:
			name, s := readTensor(t, g.bytes)
			f.tensors[name] = s
		case 11:
			f.inputs = append(f.inputs, readValue(t, g.bytes))
		case 12:
			f.outputs = append(f.outputs, readValue(t, g.bytes))
		}
	}
}

func readNode(t *testing.T, b []byte) node {
	n := node{attrs: map[string]any{}}
	for _, f := range fields(t, b) {
		switch f.number {
		case 1:
			n.in = append(n.in, string(f.bytes))
		case 2:
			n.out = append(n.out, string(f.bytes))
		case 3:
			n.name = string(f.bytes)
		case 4:
			n.op = string(f.bytes)
		case 5:
			name, v := readAttr(t, f.bytes)
			n.attrs[name] = v
		}
	}
	return n
}

func readAttr(t *testing.T, b []byte) (name string, v any) {
	var kind uint64
	var ints []int64
	var one int64
	var float float32
	for _, f := range fields(t, b) {
		switch f.number {
		case 1:
			name = string(f.bytes)
		case 2:
			float = math.Float32frombits(uint32(f.value))
		case 3:
			one = int64(f.value)
		case 8:
			ints = append(ints, int64(f.value))
		case 20:
			kind = f.value
		}
	}
	switch kind {
	case 1:
		return name, float
	case 2:
		return name, one
	case 7:
		return name, ints
	}
	t.Fatalf("attribute %s has the type %d", name, kind)
	return "", nil
}

func readTensor(t *testing.T, b []byte) (name string, s stored) {
	s.external = map[string]string{}
	for _, f := range fields(t, b) {
		switch f.number {
		case 1:
			s.dims = append(s.dims, f.value)
		case 2:
			s.kind = f.value
		case 8:
			name = string(f.bytes)
		case 9:
			s.raw = f.bytes
		case 13:
			entry := fields(t, f.bytes)
			s.external[string(entry[0].bytes)] = string(entry[1].bytes)
		case 14:
			if f.value != 1 {
				t.Errorf("%s: data location %d, want 1", name, f.value)
			}
		}
	}
	return name, s
}

// readValue returns a value's name, element type and dims, such as "x 1 [batch 3]".
func readValue(t *testing.T, b []byte) string {
	text, name := "", ""
	for _, f := range fields(t, b) {
		if f.number == 1 {
			name = string(f.bytes)
			continue
		}
		for _, kind := range fields(t, f.bytes) { // TypeProto
			for _, f := range fields(t, kind.bytes) { // TypeProto.Tensor
				if f.number == 1 {
					text += " " + strconv.FormatUint(f.value, 10)
					continue
				}
				for _, dim := range fields(t, f.bytes) {
					for _, d := range fields(t, dim.bytes) {
						if d.number == 1 {
							text += " " + strconv.FormatUint(d.value, 10)
						} else {
							text += " " + string(d.bytes)
						}
					}
				}
			}
		}
	}
	return name + text
}

// floats returns the numbers of little-endian bytes.
func floats(t *testing.T, b []byte) []float32 {
	t.Helper()
	x := make([]float32, len(b)/4)
	if _, err := binary.Decode(b, binary.LittleEndian, x); err != nil {
		t.Fatal(err)
	}
	return x
}
