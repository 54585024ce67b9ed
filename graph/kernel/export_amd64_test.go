//go:build !purego

package kernel

import "unsafe"

// PlainWide selects the shape of strips for AVX-512 with kernels in plain Go. It reports false if the processor cannot pack operands. The
// returned function restores the previous shape.
func PlainWide() (restore func(), ok bool) {
	before, wide := strips, stripsAVX512
	for v := range wide.kernels {
		wide.kernels[v] = nil
		for rows := 1; rows <= wide.rows; rows++ {
			wide.kernels[v] = append(wide.kernels[v], plainStrip(rows, wide.cols/2*(v+1)))
		}
	}
	if accelerated {
		strips = &wide
	}
	return func() { strips = before }, accelerated
}

// plainStrip returns a micro-kernel in Go.
func plainStrip(rows, cols int) stripKernel {
	return func(count, depth int, a *float32, aRow, aStep, aNext int, b *float32, bStep int,
		c *float32, cRow, cNext int, alpha float32, accumulate int, mask *int32, _ *float32, _, _ int) {
		for g := range count {
			for r := range rows {
				for j := range cols {
					if mask != nil && *moved(mask, 4*j) == 0 {
						continue
					}
					var sum float32
					for k := range depth {
						sum = FMA32(*moved(a, g*aNext+r*aRow+k*aStep), *moved(b, k*bStep+4*j), sum)
					}
					to := moved(c, g*cNext+r*cRow+4*j)
					if accumulate != 0 {
						*to = FMA32(alpha, sum, *to)
					} else {
						*to = alpha * sum
					}
				}
			}
		}
	}
}

// moved returns the address some bytes after p.
func moved[T any](p *T, bytes int) *T { return (*T)(unsafe.Add(unsafe.Pointer(p), bytes)) }
