package data

import (
	"encoding/binary"
	"math"

	"github.com/pkg/errors"
)

// TokenFormat is a format of token files. All have ids of two or four bytes, little-endian.
type TokenFormat string

// The formats.
const (
	Own     TokenFormat = "own"     // a header with a checksum, see OpenCorpus
	NanoGPT TokenFormat = "nanogpt" // ids of two bytes without a header, as np.memmap reads them
	LLMC    TokenFormat = "llm.c"   // a header of 256 int32: 20240520, 1, count for two bytes; 20240801, 7, count for four
)

// llmcHeader is the size of llm.c's header in bytes. The count is an int32.
const llmcHeader = 256 * 4

// llmc lists the first two numbers of llm.c's header by the bytes of an id.
var llmc = map[int][2]uint32{2: {20240520, 1}, 4: {20240801, 7}}

// header returns the size of the header.
func (f TokenFormat) header() int {
	switch f {
	case NanoGPT:
		return 0
	case LLMC:
		return llmcHeader
	}
	return headerSize
}

// check returns an error for an unknown format.
func (f TokenFormat) check() error {
	if f != Own && f != NanoGPT && f != LLMC {
		return errors.Errorf("format of token files is %q, want %s, %s or %s", f, Own, NanoGPT, LLMC)
	}
	return nil
}

// bytes returns the header of a file.
func (f TokenFormat) bytes(h tokenHeader) ([]byte, error) {
	switch f {
	case NanoGPT:
		return nil, nil
	case LLMC:
		if h.count > math.MaxInt32 {
			return nil, errors.Errorf("%d tokens do not fit llm.c's count of 32 bits: make smaller shards", h.count)
		}
		b := make([]byte, llmcHeader)
		for i, n := range []uint32{llmc[h.width][0], llmc[h.width][1], uint32(h.count)} {
			binary.LittleEndian.PutUint32(b[4*i:], n)
		}
		return b, nil
	}
	return h.bytes(), nil
}

// parse reads the first bytes of a file of this size. The format "" is that of the first bytes: Own or LLMC.
func (f TokenFormat) parse(b []byte, size int64) (h tokenHeader, err error) {
	if f == NanoGPT {
		if size == 0 || size%2 != 0 {
			return h, errors.Errorf("%d bytes are no list of ids of two bytes", size)
		}
		return tokenHeader{width: 2, count: int(size / 2), maxID: math.MaxUint16, foreign: true}, nil
	}
	for width, begin := range llmc {
		if f != Own && len(b) >= 8 && binary.LittleEndian.Uint32(b) == begin[0] {
			return parseLLMC(b, size, width)
		}
	}
	if f == LLMC {
		return h, errors.Errorf("it does not begin with %d or %d: this is no token file of llm.c", llmc[2][0], llmc[4][0])
	}
	return parseTokenHeader(b[:min(len(b), headerSize)], size)
}

func parseLLMC(b []byte, size int64, width int) (h tokenHeader, err error) {
	if len(b) < llmcHeader {
		return h, errors.Errorf("%d bytes are fewer than the %d of llm.c's header: the file is cut", size, llmcHeader)
	}
	if v := binary.LittleEndian.Uint32(b[4:]); v != llmc[width][1] {
		return h, errors.Errorf("version %d of llm.c's format, want %d", v, llmc[width][1])
	}
	n, data := int64(binary.LittleEndian.Uint32(b[8:])), size-llmcHeader
	if n > math.MaxInt32 || n*int64(width) != data {
		return h, errors.Errorf("%d ids of %d bytes do not fill %d bytes: the file is cut or has a tail", n, width, data)
	}
	return tokenHeader{start: llmcHeader, width: width, count: int(n), maxID: math.MaxInt32, foreign: true}, nil
}
