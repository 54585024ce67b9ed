package gguf

import (
	"encoding/binary"
	"math"
	"reflect"
	"strconv"

	"github.com/pkg/errors"
)

// kind is the type of a value of the metadata, numbered as in files.
type kind uint32

const (
	kindBool   kind = 7
	kindString kind = 8
	kindArray  kind = 9
)

// scalars lists the kinds of fixed size.
var scalars = map[kind]struct {
	size int
	zero any
}{
	0: {1, uint8(0)}, 1: {1, int8(0)}, 2: {2, uint16(0)}, 3: {2, int16(0)}, 4: {4, uint32(0)}, 5: {4, int32(0)}, 6: {4, float32(0)}, kindBool: {1, false},
	10: {8, uint64(0)}, 11: {8, int64(0)}, 12: {8, float64(0)},
}

func quote(s string) string {
	if r := []rune(s); len(r) > 100 {
		s = string(r[:100]) + "…"
	}
	return strconv.Quote(s)
}

// value reads a value of the metadata.
func (p *parser) value(k kind, key string) any {
	switch {
	case p.err != nil:
		return nil
	case k == kindString:
		return p.text(key, math.MaxInt64)
	case k == kindArray:
		return p.array(key)
	}
	if _, ok := scalars[k]; !ok {
		p.failf("%s has a value of type %d, want 0 … 12", quote(key), k)
		return nil
	}
	return p.scalar(k, key)
}

func (p *parser) scalar(k kind, key string) any {
	b := p.bytes(scalars[k].size, key)
	switch k {
	case 0:
		return b[0]
	case 1:
		return int8(b[0])
	case 2:
		return binary.LittleEndian.Uint16(b)
	case 3:
		return int16(binary.LittleEndian.Uint16(b))
	case 4:
		return binary.LittleEndian.Uint32(b)
	case 5:
		return int32(binary.LittleEndian.Uint32(b))
	case 6:
		return math.Float32frombits(binary.LittleEndian.Uint32(b))
	case kindBool:
		if b[0] > 1 {
			p.failf("%s has a bool of %d, want 0 or 1", quote(key), b[0])
		}
		return b[0] == 1
	case 10:
		return binary.LittleEndian.Uint64(b)
	case 11:
		return int64(binary.LittleEndian.Uint64(b))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

// array reads a slice. The file must be long enough for its elements before memory is made for them.
func (p *parser) array(key string) any {
	k, n := kind(p.u32(key)), p.u64(key)
	if p.err != nil {
		return nil
	}
	size := 8 // of a string without characters
	if s, ok := scalars[k]; ok {
		size = s.size
	} else if k == kindArray {
		p.failf("%s is an array of arrays, which is not supported", quote(key))
	} else if k != kindString {
		p.failf("%s is an array of type %d, want 0 … 12", quote(key), k)
	}
	if p.err == nil && n > uint64(p.left)/uint64(size) {
		p.failf("%s claims an array of %d elements of at least %d bytes, the file has %d left", quote(key), n, size, p.left)
	}
	if p.err != nil {
		return nil
	}
	if k == kindString {
		list := make([]string, n)
		for i := 0; i < len(list) && p.err == nil; i++ {
			list[i] = p.text(key, math.MaxInt64)
		}
		return list
	}
	list := reflect.MakeSlice(reflect.SliceOf(reflect.TypeOf(scalars[k].zero)), int(n), int(n))
	for i := 0; i < list.Len() && p.err == nil; i++ {
		list.Index(i).Set(reflect.ValueOf(p.scalar(k, key)))
	}
	return list.Interface()
}

// appendValue appends the kind and the bytes of a value.
func appendValue(b []byte, v any) ([]byte, error) {
	if s, ok := v.(string); ok {
		return appendText(binary.LittleEndian.AppendUint32(b, uint32(kindString)), s), nil
	}
	r := reflect.ValueOf(v)
	if r.Kind() != reflect.Slice {
		k, ok := kindOf(r.Kind())
		if !ok {
			return nil, errors.Errorf("the value is %T, want a number, a bool, a string or a slice of one of them", v)
		}
		return binary.Append(binary.LittleEndian.AppendUint32(b, uint32(k)), binary.LittleEndian, v)
	}
	k, ok := kindOf(r.Type().Elem().Kind())
	if !ok {
		return nil, errors.Errorf("the value is %T, want a slice of numbers, bools or strings", v)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(kindArray))
	b = binary.LittleEndian.AppendUint32(b, uint32(k))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Len()))
	if list, ok := v.([]string); ok {
		for _, s := range list {
			b = appendText(b, s)
		}
		return b, nil
	}
	return binary.Append(b, binary.LittleEndian, v)
}

// kindOf returns the kind of a Go type.
func kindOf(want reflect.Kind) (kind, bool) {
	if want == reflect.String {
		return kindString, true
	}
	for k, s := range scalars {
		if reflect.TypeOf(s.zero).Kind() == want {
			return k, true
		}
	}
	return 0, false
}

func appendText(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}
