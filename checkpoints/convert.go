package checkpoints

import (
	"encoding/binary"
	"io"
	"math"

	"github.com/pkg/errors"
)

// convertBytes is the size of the pieces in which a file is converted: small enough for the first-level cache.
const convertBytes = 16 << 10

// convertAll fills dst from real numbers of any format.
func convertAll[T float32 | float64](dst []T, r io.Reader, d Dtype) error {
	size := int(formats[d].size)
	buffer := make([]byte, min(convertBytes, len(dst)*size))
	for len(dst) > 0 {
		n := min(len(dst), len(buffer)/size)
		if _, err := io.ReadFull(r, buffer[:n*size]); err != nil {
			return errors.Wrap(err, "read")
		}
		convertSome(dst[:n], buffer, d)
		dst = dst[n:]
	}
	return nil
}

// convertSome converts len(dst) elements of src.
func convertSome[T float32 | float64](dst []T, src []byte, d Dtype) {
	switch d {
	case F64:
		for i := range dst {
			dst[i] = T(math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:])))
		}
	case F32:
		for i := range dst {
			dst[i] = T(math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:])))
		}
	case F16:
		for i := range dst {
			dst[i] = T(float16(binary.LittleEndian.Uint16(src[2*i:])))
		}
	case BF16:
		for i := range dst {
			dst[i] = T(bfloat16(binary.LittleEndian.Uint16(src[2*i:])))
		}
	case F8E5M2:
		for i := range dst {
			dst[i] = T(e5m2[src[i]])
		}
	case F8E4M3:
		for i := range dst {
			dst[i] = T(e4m3[src[i]])
		}
	case F8E8M0:
		for i := range dst {
			dst[i] = T(e8m0[src[i]])
		}
	}
}
