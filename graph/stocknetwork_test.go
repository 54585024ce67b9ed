package graph_test

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
)

// window calls f with the indices of a window of an image (…, H, W), -1 for padding. kernel, pad, stride and dilation are of height
// and width.
type window struct{ kernel, pad, stride, dilation [2]int }

func (w window) out(h, width int) (int, int) {
	size := func(n, i int) int { return (n+2*w.pad[i]-(w.dilation[i]*(w.kernel[i]-1)+1))/w.stride[i] + 1 }
	return size(h, 0), size(width, 1)
}

func (w window) each(y, x, h, width int, f func(ky, kx, iy, ix int)) {
	for ky := range w.kernel[0] {
		for kx := range w.kernel[1] {
			iy, ix := y*w.stride[0]+ky*w.dilation[0]-w.pad[0], x*w.stride[1]+kx*w.dilation[1]-w.pad[1]
			if iy < 0 || iy >= h || ix < 0 || ix >= width {
				iy = -1
			}
			f(ky, kx, iy, ix)
		}
	}
}

// ambiguous reports whether the last window leaves room for another dilation.
func (w window) ambiguous(h, width int) bool {
	rows, cols := w.out(h, width)
	for d := 1; d < 7; d++ {
		for _, v := range [][2]int{{d, w.dilation[1]}, {w.dilation[0], d}} {
			other := w
			other.dilation = v
			differs := v[0] != w.dilation[0] && w.kernel[0] > 1 || v[1] != w.dilation[1] && w.kernel[1] > 1
			if r, c := other.out(h, width); differs && r == rows && c == cols {
				return true
			}
		}
	}
	return false
}

func (w window) convolutions(image []int) []stockCase {
	return []stockCase{
		{name: fmt.Sprintf("Conv2d/%v", w), shapes: [][]int{image, {2, image[1], w.kernel[0], w.kernel[1]}},
			apply: two(func(x, f *G.Node) (*G.Node, error) {
				return G.Conv2d(x, f, w.kernel[:], w.pad[:], w.stride[:], w.dilation[:])
			}),
			want: w.convolution},
		{name: fmt.Sprintf("Im2Col/%v", w), shapes: [][]int{image},
			apply: one(func(x *G.Node) (*G.Node, error) {
				return G.Im2Col(x, w.kernel[:], w.pad[:], w.stride[:], w.dilation[:])
			}),
			want: w.columns},
	}
}

// convolution convolves images (N, C, H, W) with filters (F, C, kernel).
func (w window) convolution(x []nd) nd {
	n, c, h, width := x[0].shape[0], x[0].shape[1], x[0].shape[2], x[0].shape[3]
	rows, cols := w.out(h, width)
	y := newND(n, x[1].shape[0], rows, cols)
	y.each(func(i []int, k int) {
		w.each(i[2], i[3], h, width, func(ky, kx, iy, ix int) {
			for c := range c {
				if iy >= 0 {
					y.f[k] += x[0].at(i[0], c, iy, ix) * x[1].at(i[1], c, ky, kx)
				}
			}
		})
	})
	return y
}

// largest returns the maximum of each window.
func (w window) largest(x []nd) nd {
	h, width := x[0].shape[2], x[0].shape[3]
	rows, cols := w.out(h, width)
	y := newND(x[0].shape[0], x[0].shape[1], rows, cols)
	y.each(func(i []int, k int) {
		y.f[k] = math.Inf(-1)
		w.each(i[2], i[3], h, width, func(_, _, iy, ix int) {
			if iy >= 0 {
				y.f[k] = max(y.f[k], x[0].at(i[0], i[1], iy, ix))
			}
		})
	})
	return y
}

// columns returns the elements of each window, (N, rows, cols, C·kernel).
func (w window) columns(x []nd) nd {
	h, width := x[0].shape[2], x[0].shape[3]
	rows, cols := w.out(h, width)
	y := newND(x[0].shape[0], rows, cols, x[0].shape[1]*w.kernel[0]*w.kernel[1])
	k := 0
	for n := range x[0].shape[0] {
		for r := range rows {
			for q := range cols {
				for c := range x[0].shape[1] {
					w.each(r, q, h, width, func(_, _, iy, ix int) {
						if iy >= 0 {
							y.f[k] = x[0].at(n, c, iy, ix)
						}
						k++
					})
				}
			}
		}
	}
	return y
}

var windows = []window{
	{[2]int{1, 1}, [2]int{0, 0}, [2]int{1, 1}, [2]int{1, 1}},
	{[2]int{2, 2}, [2]int{0, 0}, [2]int{1, 1}, [2]int{1, 1}},
	{[2]int{2, 2}, [2]int{0, 0}, [2]int{2, 2}, [2]int{1, 1}},
	{[2]int{3, 3}, [2]int{1, 1}, [2]int{1, 1}, [2]int{1, 1}},
	{[2]int{3, 2}, [2]int{1, 0}, [2]int{2, 1}, [2]int{1, 1}},
	{[2]int{1, 3}, [2]int{0, 1}, [2]int{1, 2}, [2]int{1, 1}},
	{[2]int{2, 2}, [2]int{0, 0}, [2]int{1, 1}, [2]int{2, 2}},
	{[2]int{2, 2}, [2]int{0, 0}, [2]int{2, 2}, [2]int{2, 2}},
	{[2]int{3, 1}, [2]int{1, 0}, [2]int{1, 1}, [2]int{1, 1}},
}

var images = [][]int{{1, 1, 4, 4}, {2, 3, 5, 5}, {2, 2, 4, 6}, {1, 2, 6, 4}}

func networkStock() (cases []stockCase) {
	for _, image := range [][]int{{2, 3, 1, 7}, {1, 1, 1, 6}} {
		cases = append(cases,
			stockCase{name: "Conv1d", shapes: [][]int{image, {2, image[1], 1, 3}},
				apply: two(func(x, f *G.Node) (*G.Node, error) { return G.Conv1d(x, f, 3, 1, 2, 1) }),
				want:  windows[5].convolution})
	}
	for _, image := range images {
		for _, w := range windows {
			if !w.ambiguous(image[2], image[3]) {
				cases = append(cases, w.convolutions(image)...)
			}
			if w.dilation == [2]int{1, 1} && (w.kernel[0] > 1 || w.kernel[1] == 1) {
				cases = append(cases, stockCase{name: fmt.Sprintf("MaxPool2D/%v", w), shapes: [][]int{image},
					apply: one(func(x *G.Node) (*G.Node, error) { return G.MaxPool2D(x, w.kernel[:], w.pad[:], w.stride[:]) }),
					want:  w.largest})
			}
		}
		cases = append(cases,
			stockCase{name: "GlobalAveragePool2D", shapes: [][]int{image}, flat: true, apply: one(G.GlobalAveragePool2D), want: func(x []nd) nd {
				y := newND(image[0], image[1], 1, 1)
				x[0].each(func(i []int, k int) { y.f[i[0]*image[1]+i[1]] += x[0].f[k] / float64(image[2]*image[3]) })
				return y
			}},
			stockCase{name: "Upsample2D/3", shapes: [][]int{image}, apply: one(func(x *G.Node) (*G.Node, error) { return G.Upsample2D(x, 3) }), want: func(x []nd) nd {
				y := newND(image[0], image[1], 3*image[2], 3*image[3])
				y.each(func(i []int, k int) { y.f[k] = x[0].at(i[0], i[1], i[2]/3, i[3]/3) })
				return y
			}},
			stockCase{name: "Upsample2D", shapes: [][]int{image}, apply: one(func(x *G.Node) (*G.Node, error) { return G.Upsample2D(x, 2) }), want: func(x []nd) nd {
				y := newND(image[0], image[1], 2*image[2], 2*image[3])
				y.each(func(i []int, k int) { y.f[k] = x[0].at(i[0], i[1], i[2]/2, i[3]/2) })
				return y
			}})
	}
	return cases
}
