package train

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// maxNamed is the largest number of tensors that an error message names.
const maxNamed = 20

// restore copies a state into s. If it returns an error, it has copied nothing.
func (s *optimizerState) restore(state map[string]*tensor.Dense) error {
	if err := s.fits(state); err != nil {
		return err
	}
	for name, to := range s.list() {
		copyTensor(to, state[name])
	}
	return nil
}

// fits returns an error unless restore can copy the state into s.
func (s *optimizerState) fits(state map[string]*tensor.Dense) error {
	if s.step == nil {
		return errors.New("restore: the optimizer knows no parameters yet: call Bind first")
	}
	var wrong []string
	known := map[string]bool{}
	for name, want := range s.list() {
		known[name] = true
		if got := state[name]; got == nil {
			wrong = append(wrong, name+" is missing")
		} else if why := misfit(name, got, want); why != "" {
			wrong = append(wrong, name+" "+why)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(state)) {
		if !known[name] {
			wrong = append(wrong, name+" is unexpected")
		}
	}
	if len(wrong) > maxNamed {
		wrong = append(wrong[:maxNamed], fmt.Sprintf("and %d more", len(wrong)-maxNamed))
	}
	if len(wrong) > 0 {
		return errors.Errorf("restore: %s", strings.Join(wrong, "; "))
	}
	return nil
}

// misfit returns the reason why got cannot be copied into want, or "" if it can.
func misfit(name string, got, want *tensor.Dense) string {
	if pairs := want.Dtype() == tensor.Int32; got.RequiresIterator() || pairs && got.Dtype() != tensor.Int32 {
		return fmt.Sprintf("has type %v, want a contiguous tensor of %v", got.Dtype(), want.Dtype())
	} else if !pairs && got.Dtype() != tensor.Int64 && got.Dtype() != tensor.Float32 && got.Dtype() != tensor.Float64 {
		return fmt.Sprintf("has type %v, want a contiguous tensor of %v", got.Dtype(), want.Dtype())
	}
	if name == "step" && size(got) == 1 {
		if v := element(got, 0); !(v >= 0) || v != math.Trunc(v) || v > 1<<53 {
			return fmt.Sprintf("is %v, want a whole number of at least 0", v)
		}
		return ""
	}
	if !slices.Equal(got.Shape(), want.Shape()) {
		return fmt.Sprintf("has shape %v, want %v", got.Shape(), want.Shape())
	}
	return ""
}

// copyTensor copies a tensor, and converts its type if need be, because PyTorch writes the step as float32. The caller has checked
// both tensors with misfit.
func copyTensor(to, from *tensor.Dense) {
	if to.Dtype() == from.Dtype() {
		switch to.Dtype() {
		case tensor.Int32:
			copy(to.Int32s(), from.Int32s())
		case tensor.Int64:
			copy(to.Int64s(), from.Int64s())
		case tensor.Float32:
			copy(to.Float32s(), from.Float32s())
		default:
			copy(to.Float64s(), from.Float64s())
		}
		return
	}
	for i := range size(to) {
		v := element(from, i)
		switch to.Dtype() {
		case tensor.Int64:
			to.Int64s()[i] = int64(v)
		case tensor.Float32:
			to.Float32s()[i] = float32(v)
		default:
			to.Float64s()[i] = v
		}
	}
}

func element(t *tensor.Dense, i int) float64 {
	switch t.Dtype() {
	case tensor.Int64:
		return float64(t.Int64s()[i])
	case tensor.Float32:
		return float64(t.Float32s()[i])
	}
	return t.Float64s()[i]
}
