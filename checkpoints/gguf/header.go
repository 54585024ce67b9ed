package gguf

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"unicode/utf8"

	"github.com/pkg/errors"
)

const (
	magic        = "GGUF"
	version      = 3
	alignmentKey = "general.alignment"
	alignment    = 32 // default
	maxAxes      = 4
	maxName      = 63    // bytes; libggml's limit
	maxKey       = 65535 // bytes; limit of the format
	minKey       = 8 + 4 + 1
	minTensor    = 8 + 4 + 8 + 4 + 8
)

// Info describes a tensor.
type Info struct {
	Type  Type
	Shape []int // row-major
	Bytes int64

	offset int64 // of the first byte, from the start of the file
}

// header is a parsed and checked header.
type header struct {
	metadata map[string]any
	names    []string // in the order of the file
	infos    map[string]Info
}

// parser reads a header. It keeps the first error, and never reads or allocates more than the file has left.
type parser struct {
	r     *bufio.Reader
	left  int64 // bytes of the file after the current position
	size  int64
	err   error
	short [8]byte
}

// readHeader reads and checks the header of a file of size bytes.
func readHeader(r io.ReaderAt, size int64) (*header, error) {
	p := &parser{r: bufio.NewReaderSize(io.NewSectionReader(r, 0, size), int(min(size, 64<<10))), left: size, size: size}
	tensors, keys := p.start()
	h := &header{metadata: map[string]any{}, infos: map[string]Info{}}
	for i := uint64(0); i < keys && p.err == nil; i++ {
		p.key(h.metadata)
	}
	list := p.tensors(tensors)
	if p.err != nil {
		return nil, p.err
	}
	return h, h.layOut(list, size-p.left, size)
}

func (p *parser) failf(format string, args ...any) {
	if p.err == nil {
		p.err = errors.Errorf(format, args...)
	}
}

// start reads the magic, the version and the counts.
func (p *parser) start() (tensors, keys uint64) {
	begin := p.bytes(4, "magic")
	if p.err == nil && string(begin) != magic {
		p.failf("the file begins with %q, a GGUF file with %q", begin, magic)
	}
	switch v := p.u32("version"); {
	case p.err != nil:
		return 0, 0
	case v == 2<<24 || v == 3<<24:
		p.failf("the file is big-endian, want little-endian: convert it with llama.cpp")
	case v != 2 && v != version:
		p.failf("the version is %d, want 2 or %d: convert the model again with a newer program", v, version)
	}
	tensors, keys = p.u64("number of tensors"), p.u64("number of keys")
	if p.err == nil && (keys > uint64(p.left)/minKey || tensors > uint64(p.left)/minTensor) {
		p.failf("the header claims %d tensors and %d keys, the file has %d bytes after their numbers", tensors, keys, p.left)
	}
	return tensors, keys
}

// key reads a key and its value.
func (p *parser) key(into map[string]any) {
	at := p.size - p.left
	key := p.text("key", maxKey)
	switch _, twice := into[key]; {
	case p.err != nil:
	case key == "" || !utf8.ValidString(key):
		p.failf("the key at byte %d is %.100q, want text", at, key)
	case twice:
		p.failf("key %q is given twice", key)
	}
	v := p.value(kind(p.u32(key)), key)
	if p.err == nil {
		into[key] = v
	}
}

// entry is a tensor of a header, not yet checked.
type entry struct {
	name   string
	info   Info
	offset uint64 // from the start of the data
}

// tensors reads the infos of n tensors.
func (p *parser) tensors(n uint64) (list []entry) {
	seen := map[string]bool{}
	for i := uint64(0); i < n && p.err == nil; i++ {
		e := entry{name: p.text("tensor name", maxName+1)}
		switch {
		case p.err != nil:
		case e.name == "" || !utf8.ValidString(e.name):
			p.failf("the name of tensor %d is %.100q, want text", i, e.name)
		case seen[e.name]:
			p.failf("tensor %q is given twice", e.name)
		}
		seen[e.name] = true
		axes := p.u32(e.name)
		if p.err == nil && axes > maxAxes {
			p.failf("tensor %q has %d axes, the limit is %d", e.name, axes, maxAxes)
		}
		if p.err != nil {
			return nil
		}
		e.info.Shape = make([]int, axes)
		for j := range e.info.Shape {
			d := p.u64(e.name)
			if p.err == nil && d > math.MaxInt {
				p.failf("tensor %q: axis %d has %d elements, the limit is %d", e.name, j, d, math.MaxInt)
			}
			e.info.Shape[len(e.info.Shape)-1-j] = int(d)
		}
		e.info.Type, e.offset = Type(p.u32(e.name)), p.u64(e.name)
		list = append(list, e)
	}
	return list
}

// bytes reads n bytes into short memory. It is valid until the next call.
func (p *parser) bytes(n int, what string) []byte {
	b := p.short[:n]
	if p.err != nil {
		clear(b)
		return b
	}
	if int64(n) > p.left {
		clear(b)
		p.failf("the file ends at byte %d within %s, which needs %d bytes more: it is truncated", p.size, name(what), int64(n)-p.left)
		return b
	}
	if _, err := io.ReadFull(p.r, b); err != nil {
		p.err = errors.Wrap(err, name(what))
	}
	p.left -= int64(n)
	return b
}

// name quotes a key or a tensor, and leaves phrases.
func name(what string) string {
	switch what {
	case "magic", "version", "number of tensors", "number of keys", "key", "tensor name":
		return "the " + what
	}
	return quote(what)
}

func (p *parser) u32(what string) uint32 { return binary.LittleEndian.Uint32(p.bytes(4, what)) }
func (p *parser) u64(what string) uint64 { return binary.LittleEndian.Uint64(p.bytes(8, what)) }

// text reads a string of at most limit bytes.
func (p *parser) text(what string, limit uint64) string {
	n := p.u64(what)
	switch {
	case p.err != nil:
		return ""
	case n > uint64(p.left):
		p.failf("%s claims a string of %d bytes, the file has %d left", name(what), n, p.left)
		return ""
	case n > limit:
		p.failf("%s has %d bytes, the limit is %d", name(what), n, limit)
		return ""
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(p.r, b); err != nil {
		p.err = errors.Wrap(err, name(what))
	}
	p.left -= int64(n)
	return string(b)
}
