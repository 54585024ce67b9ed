package gguf

import (
	"bytes"

	"github.com/gorgoformer/gorgoformer/checkpoints/internal/mapping"
)

// OpenBytes is Open for the content of a file.
func OpenBytes(b []byte) (*File, error) {
	r := bytes.NewReader(b)
	h, err := readHeader(r, r.Size())
	if err != nil {
		return nil, err
	}
	return &File{"bytes", r, mapping.New(r, r.Size()), func() error { return nil }, h}, nil
}

// WriteBytes is Write into memory.
func WriteBytes(metadata map[string]any, tensors []Tensor) ([]byte, error) {
	text, align, err := headerBytes(metadata, tensors)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = writeAll(&b, text, tensors, align)
	return b.Bytes(), err
}
