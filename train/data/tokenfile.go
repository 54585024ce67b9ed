package data

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
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

// openTokens maps a token file. Without a format, its first bytes decide between a file of this package and one of llm.c. known, if not
// nil, has the numbers that the formats of other programs lack; without it they are counted. check compares the checksum of the ids.
func openTokens(path string, format TokenFormat, known *Shard, check bool) (_ *tokenFile, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Wrap(err, "open token file")
	}
	defer f.Close()
	h, size, err := readTokenHeader(f, format)
	if err == nil && known != nil {
		h, err = known.complete(h)
	}
	if err != nil {
		return nil, errors.WithMessagef(err, "token file %s", path)
	}
	whole, unmap, err := mapFile(f, size)
	if err != nil {
		return nil, errors.Wrapf(err, "map token file %s", path)
	}
	t := &tokenFile{tokenHeader: h, path: path, data: whole[h.start:], close: unmap}
	if h.foreign {
		t.maxID, t.sum = t.scan()
	} else if check {
		err = t.verify()
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

func readTokenHeader(f *os.File, format TokenFormat) (h tokenHeader, size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return h, 0, errors.WithStack(err)
	}
	if !info.Mode().IsRegular() {
		return h, 0, errors.Errorf("it is %v, want a regular file", info.Mode().Type())
	}
	b := make([]byte, llmcHeader)
	n, err := io.ReadFull(f, b)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return h, 0, errors.WithStack(err)
	}
	h, err = format.parse(b[:n], info.Size())
	return h, info.Size(), err
}

// scan returns the largest id and the checksum of a file whose header has neither.
func (t *tokenFile) scan() (largest int32, sum uint32) {
	top := uint32(0)
	for at := 0; at < len(t.data); at += t.width {
		top = max(top, t.id(at))
	}
	if top > math.MaxInt32 {
		top = math.MaxInt32 // read then refuses the id
	}
	return int32(top), crc32.Checksum(t.data, castagnoli)
}

// id returns the id at an offset of data.
func (t *tokenFile) id(at int) uint32 {
	if t.width == 2 {
		return uint32(binary.LittleEndian.Uint16(t.data[at:]))
	}
	return binary.LittleEndian.Uint32(t.data[at:])
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
