package data

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/pkg/errors"
)

// A token file is a header of 64 bytes followed by the ids, little-endian. An id has two bytes if all ids fit, and otherwise four.
//
//	0  magic       8 bytes
//	8  version     uint16
//	10 width       uint16, bytes of an id: 2 or 4
//	12 largest id  uint32
//	16 count       uint64
//	24 data sum    uint32, CRC-32C of the ids
//	28 header sum  uint32, CRC-32C of the header with these four bytes zero
//	32 key         32 bytes, SHA-256 of the sources of the ids, see Text.key
const (
	tokenMagic   = "GGFTOKEN"
	tokenVersion = 1
	headerSize   = 64
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// tokenHeader describes a token file of any format.
type tokenHeader struct {
	start   int // offset of the ids
	width   int
	maxID   int32
	count   int
	sum     uint32
	key     [32]byte
	foreign bool // the format has no sum and no largest id
}

func (h tokenHeader) bytes() []byte {
	b := make([]byte, headerSize)
	copy(b, tokenMagic)
	binary.LittleEndian.PutUint16(b[8:], tokenVersion)
	binary.LittleEndian.PutUint16(b[10:], uint16(h.width))
	binary.LittleEndian.PutUint32(b[12:], uint32(h.maxID))
	binary.LittleEndian.PutUint64(b[16:], uint64(h.count))
	binary.LittleEndian.PutUint32(b[24:], h.sum)
	copy(b[32:], h.key[:])
	binary.LittleEndian.PutUint32(b[28:], crc32.Checksum(b, castagnoli))
	return b
}

// parseTokenHeader reads the header b of a file of this size. It is an error if the header does not match the size.
func parseTokenHeader(b []byte, size int64) (h tokenHeader, err error) {
	if size < headerSize || len(b) < headerSize {
		return h, errors.Errorf("%d bytes are fewer than the header's %d: this is no token file, or a cut one", size, headerSize)
	}
	if magic := string(b[:8]); magic != tokenMagic {
		return h, errors.Errorf("it begins with %q, want %q: this is no token file", magic, tokenMagic)
	}
	if v := binary.LittleEndian.Uint16(b[8:]); v != tokenVersion {
		return h, errors.Errorf("version %d of the format, want %d: remove the file and run again", v, tokenVersion)
	}
	if err := checkHeaderSum(b[:headerSize]); err != nil {
		return h, err
	}
	width, maxID, count := binary.LittleEndian.Uint16(b[10:]), binary.LittleEndian.Uint32(b[12:]), binary.LittleEndian.Uint64(b[16:])
	switch data := uint64(size - headerSize); {
	case width != 2 && width != 4:
		return h, errors.Errorf("ids of %d bytes, want 2 or 4", width)
	case count > data/uint64(width) || count*uint64(width) != data:
		return h, errors.Errorf("%d ids of %d bytes do not fill %d bytes: the file is cut or has a tail", count, width, data)
	case maxID > math.MaxInt32 || width == 2 && maxID > math.MaxUint16:
		return h, errors.Errorf("largest id %d does not fit ids of %d bytes", maxID, width)
	}
	h = tokenHeader{start: headerSize, width: int(width), maxID: int32(maxID), count: int(count), sum: binary.LittleEndian.Uint32(b[24:])}
	copy(h.key[:], b[32:])
	return h, nil
}

func checkHeaderSum(b []byte) error {
	var c [headerSize]byte
	copy(c[:], b)
	clear(c[28:32])
	if got, want := crc32.Checksum(c[:], castagnoli), binary.LittleEndian.Uint32(b[28:]); got != want {
		return errors.Errorf("checksum of the header is %08x, want %08x: the file is damaged", got, want)
	}
	return nil
}
