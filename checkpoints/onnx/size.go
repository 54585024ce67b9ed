package onnx

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// Size is the length of an axis as a polynomial of the lengths of the Axes of a Declaration, linear in each: element i is the coefficient
// of the product of the Axes whose bits are set in i. A Size of one element, or with zeros after the first, is constant.
type Size []int

// Const returns the length and true if it is the same in all sizes of the model.
func (s Size) Const() (int, bool) {
	for _, c := range s[1:] {
		if c != 0 {
			return 0, false
		}
	}
	return s[0], true
}

// at returns the length for the given lengths of the Axes.
func (s Size) at(axes []int) int {
	sum := 0
	for i, c := range s {
		for k, n := range axes {
			if i&(1<<k) != 0 {
				c *= n
			}
		}
		sum += c
	}
	return sum
}

// axis returns the number of the Axis that s equals, or -1.
func (s Size) axis() int {
	found := -1
	for i, c := range s {
		switch {
		case c == 0:
		case c == 1 && i != 0 && i&(i-1) == 0 && found < 0:
			for found = 0; i>>found != 1; found++ {
			}
		default:
			return -1
		}
	}
	return found
}

// text writes s with the names of the Axes, such as 2·length−1.
func (s Size) text(axes []Axis) string {
	var terms []string
	for i := len(s) - 1; i >= 0; i-- {
		var names []string
		for k, a := range axes {
			if i&(1<<k) != 0 {
				names = append(names, a.Name)
			}
		}
		switch c := s[i]; {
		case c == 0:
		case i == 0:
			terms = append(terms, strconv.Itoa(c))
		case c == 1:
			terms = append(terms, strings.Join(names, "*"))
		default:
			terms = append(terms, fmt.Sprintf("%d*%s", c, strings.Join(names, "*")))
		}
	}
	if len(terms) == 0 {
		return "0"
	}
	return strings.ReplaceAll(strings.Join(terms, " + "), "+ -", "- ")
}

// isSame reports whether s and t are equal for all lengths.
func (s Size) isSame(t Size) bool {
	for i := range max(len(s), len(t)) {
		var a, b int
		if i < len(s) {
			a = s[i]
		}
		if i < len(t) {
			b = t[i]
		}
		if a != b {
			return false
		}
	}
	return true
}

// plus returns s + t.
func (s Size) plus(t Size) Size { return s.sum(t, 1) }

// minus returns s − t.
func (s Size) minus(t Size) Size { return s.sum(t, -1) }

func (s Size) sum(t Size, sign int) Size {
	d := make(Size, max(len(s), len(t)))
	copy(d, s)
	for i, c := range t {
		d[i] += sign * c
	}
	return d
}

// fit returns the Size with the given values at the corners, and checks it at the last probe. The values are in the order of the probes.
func (p probes) fit(values []int) (Size, error) {
	corners := len(p) - 1
	s := make(Size, corners)
	copy(s, values)
	for k := range p[0] {
		lo := p[0][k] // the corner on the other side is at lo+1
		for i := range s {
			if i&(1<<k) != 0 {
				s[i] -= s[i^1<<k]
			}
		}
		for i := range s {
			if i&(1<<k) == 0 {
				s[i] -= lo * s[i|1<<k]
			}
		}
	}
	if got := s.at(p[corners]); got != values[corners] {
		return nil, errors.Errorf("a length of %v for sizes %v does not grow in proportion: want one that is a sum of products of the sizes", values, [][]int(p))
	}
	return s, nil
}

// probes are the sizes in which a model is declared: first all corners of a cube, where bit k of the number moves Axis k by one, then one
// size far away, which checks the others.
type probes [][]int

func probesOf(axes []Axis) (probes, error) {
	low, far := make([]int, len(axes)), make([]int, len(axes))
	for k, a := range axes {
		if low[k], far[k] = 5+2*k, 11+4*k; a.Max > 0 {
			low[k], far[k] = 2, a.Max
		}
		if a.Name == "" || a.Max < 0 || a.Max > 0 && a.Max < 3 {
			return nil, errors.Errorf("axis %d is named %q and has Max %d: want a name, and a Max of 0 or at least 3", k, a.Name, a.Max)
		}
	}
	if len(axes) > 4 {
		return nil, errors.Errorf("%d axes: want at most 4", len(axes))
	}
	var p probes
	for i := range 1 << len(axes) {
		c := make([]int, len(axes))
		for k := range c {
			c[k] = low[k] + i>>k&1
		}
		p = append(p, c)
	}
	return append(p, far), nil
}
