package data

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"

	"github.com/pkg/errors"
)

// tokenFile is an open token file.
type tokenFile struct {
	tokenHeader
	path  string
	data  []byte // the ids; nil if closed
	close func() error
}

// sumLimit is the largest size in bytes of ids whose checksum is checked when the file is opened. It takes a fraction of a second.
const sumLimit = 256 << 20

func openTokens(path string) (_ *tokenFile, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Wrap(err, "open token file")
	}
	defer f.Close()
	h, size, err := readTokenHeader(f)
	if err != nil {
		return nil, errors.WithMessagef(err, "token file %s", path)
	}
	whole, unmap, err := mapFile(f, size)
	if err != nil {
		return nil, errors.Wrapf(err, "map token file %s", path)
	}
	t := &tokenFile{tokenHeader: h, path: path, data: whole[headerSize:], close: unmap}
	if len(t.data) <= sumLimit {
		if err := t.verify(); err != nil {
			t.Close()
			return nil, err
		}
	}
	return t, nil
}

func readTokenHeader(f *os.File) (h tokenHeader, size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return h, 0, errors.WithStack(err)
	}
	if !info.Mode().IsRegular() {
		return h, 0, errors.Errorf("it is %v, want a regular file", info.Mode().Type())
	}
	b := make([]byte, headerSize)
	n, err := io.ReadFull(f, b)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return h, 0, errors.WithStack(err)
	}
	h, err = parseTokenHeader(b[:n], info.Size())
	return h, info.Size(), err
}

// verify reads all ids and compares their checksum with the header's.
func (t *tokenFile) verify() error {
	if t.data == nil {
		return errors.Errorf("token file %s is closed", t.path)
	}
	if got := crc32.Checksum(t.data, castagnoli); got != t.sum {
		return errors.Errorf("token file %s: checksum of the ids is %08x, want %08x: the file is damaged: remove it and run again", t.path, got, t.sum)
	}
	return nil
}

// read fills dst with the ids that start at position at.
func (t *tokenFile) read(dst []int32, at int) error {
	if t.data == nil {
		return errors.Errorf("token file %s is closed", t.path)
	}
	b := t.data[at*t.width : (at+len(dst))*t.width]
	for i := range dst {
		id := uint32(0)
		if t.width == 2 {
			id = uint32(binary.LittleEndian.Uint16(b[2*i:]))
		} else {
			id = binary.LittleEndian.Uint32(b[4*i:])
		}
		if id > uint32(t.maxID) {
			return errors.Errorf("token file %s: id %d at position %d is above the largest, %d: the file is damaged: remove it and run again",
				t.path, id, at+i, t.maxID)
		}
		dst[i] = int32(id)
	}
	return nil
}

func (t *tokenFile) Close() error {
	if t.data == nil {
		return nil
	}
	t.data = nil
	return errors.Wrapf(t.close(), "close token file %s", t.path)
}
