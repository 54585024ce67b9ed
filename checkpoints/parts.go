package checkpoints

import (
	"io"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"
	"gorgonia.org/tensor"
)

// partElements is the most elements of a part. Parts are read on all processors at once.
const partElements = 1 << 18

// part is some elements of a tensor to read.
type part struct {
	load
	number   int // of the load
	first, n int
}

// partsOf cuts tensors into parts.
func partsOf(loads []load) (parts []part) {
	for i, l := range loads {
		total := l.into.Shape().TotalSize()
		for first := 0; first < total; first += partElements {
			parts = append(parts, part{l, i, first, min(partElements, total-first)})
		}
	}
	return parts
}

func runLoads(loads []load) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	var failed atomic.Bool
	begun := make([]atomic.Bool, len(loads))
	for _, p := range partsOf(loads) {
		group.Go(func() error {
			if failed.Load() {
				return nil
			}
			begun[p.number].Store(true)
			err := p.info().readPart(p.from.file, p.into, p.first, p.n)
			if err != nil {
				failed.Store(true)
			}
			return errors.WithMessagef(err, "%s: tensor %q", p.from.file.Name(), p.name)
		})
	}
	err := group.Wait()
	changed := 0
	for i := range begun {
		if begun[i].Load() {
			changed++
		}
	}
	return errors.WithMessagef(err, "%d of %d parameters are changed already", changed, len(loads))
}

func (l load) info() Info { return l.from.header.infos[l.name] }

// readPart reads n elements of dst from element first on. The caller has checked that the tensor fits.
func (info Info) readPart(file io.ReaderAt, dst *tensor.Dense, first, n int) error {
	f := formats[info.Dtype]
	switch {
	case dst.Dtype() == f.kind && !info.Dtype.widened():
		raw := dst.Raw[int64(first)*f.size:][:int64(n)*f.size]
		if err := info.readBytes(file, raw, first); err != nil || info.Dtype != Bool {
			return err
		}
		return checkBools(raw)
	case dst.Dtype() == tensor.Float64:
		return convertAll(dst.Float64s()[first:first+n], info.elements(file, first, n), info.Dtype)
	}
	return convertAll(dst.Float32s()[first:first+n], info.elements(file, first, n), info.Dtype)
}

// readFloats reads real numbers from element first on.
func (info Info) readFloats(file io.ReaderAt, x []float32, first int) error {
	if info.Dtype == F32 && len(x) > 0 {
		return info.readBytes(file, unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x)), first)
	}
	return convertAll(x, info.elements(file, first, len(x)), info.Dtype)
}

// readBytes reads whole elements as they are in the file, from element first on.
func (info Info) readBytes(file io.ReaderAt, raw []byte, first int) error {
	_, err := io.ReadFull(info.elements(file, first, len(raw)/int(formats[info.Dtype].size)), raw)
	return errors.Wrap(err, "read")
}

// elements returns a reader of n elements from element first on.
func (info Info) elements(file io.ReaderAt, first, n int) io.Reader {
	size := formats[info.Dtype].size
	return io.NewSectionReader(file, info.offset+int64(first)*size, int64(n)*size)
}
