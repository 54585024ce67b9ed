package train

import (
	"cmp"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Moments returns the state of the optimizer, as Stateful.State does. With Shard it collects the state from all ranks, each of which
// calls Moments; rank 0 gets the whole state and the others an empty one.
func (tr *Trainer) Moments() (iter.Seq2[string, *tensor.Dense], error) {
	s, ok := tr.Optimizer.(Stateful)
	if !ok {
		return nil, errors.Errorf("train: optimizer %T does not return its state", tr.Optimizer)
	}
	tr.connect()
	if tr.links == nil || !tr.Shard {
		return s.State(), nil
	}
	if err := s.Bind(tr.own); err != nil { // a run may be saved before its first step
		return nil, err
	}
	if tr.Group.Rank() != 0 {
		return func(func(string, *tensor.Dense) bool) {}, sendState(tr.Group, s.State())
	}
	var all []stateTensor
	for name, t := range s.State() {
		all = append(all, stateTensor{Name: name, dense: t})
	}
	for from := 1; from < tr.Group.Size(); from++ {
		theirs, err := receiveState(tr.Group, from)
		if err != nil {
			return nil, err
		}
		all = append(all, theirs...)
	}
	tr.order(&all)
	return func(yield func(string, *tensor.Dense) bool) {
		for _, t := range all {
			if !yield(t.Name, t.dense) {
				return
			}
		}
	}, nil
}

// order sorts the state of all ranks as one rank would list it: by kind, then by weight. State that belongs to no weight, such as the
// step, is the same on all ranks and is kept once.
func (tr *Trainer) order(all *[]stateTensor) {
	kinds, seen := map[string]int{}, map[string]bool{}
	key := func(t stateTensor) (kind string, weight int) {
		if weight = tr.weightOf(t.Name); weight < 0 {
			return t.Name, weight
		}
		return strings.TrimSuffix(t.Name, nameOf(tr.model[weight], weight)), weight
	}
	*all = slices.DeleteFunc(*all, func(t stateTensor) bool {
		kind, _ := key(t)
		if _, ok := kinds[kind]; !ok {
			kinds[kind] = len(kinds)
		}
		twice := seen[t.Name]
		seen[t.Name] = true
		return twice
	})
	slices.SortStableFunc(*all, func(a, b stateTensor) int {
		k, w := key(a)
		l, v := key(b)
		return cmp.Or(cmp.Compare(kinds[k], kinds[l]), cmp.Compare(w, v))
	})
}

// stateTensor is a tensor of the optimizer's state as it is sent.
type stateTensor struct {
	Name  string
	Type  string
	Shape []int
	dense *tensor.Dense
}

// stateTypes are the types of the optimizer's state.
var stateTypes = map[string]tensor.Dtype{"int32": tensor.Int32, "int64": tensor.Int64, "float32": tensor.Float32, "float64": tensor.Float64}

// sendState sends a state to rank 0: the length of a description, the description, and the tensors.
func sendState(g Group, state iter.Seq2[string, *tensor.Dense]) error {
	var all []stateTensor
	for name, t := range state {
		all = append(all, stateTensor{name, t.Dtype().String(), t.Shape(), t})
	}
	text, err := json.Marshal(all)
	if err != nil {
		return errors.WithStack(err)
	}
	if err := g.Send(0, bytesOf([]int64{int64(len(text))})); err != nil {
		return err
	}
	if err := g.Send(0, text); err != nil {
		return err
	}
	for _, t := range all {
		if err := g.Send(0, memoryOf(t.dense)); err != nil {
			return err
		}
	}
	return nil
}

func receiveState(g Group, from int) (all []stateTensor, err error) {
	n := []int64{0}
	if err := g.Receive(from, bytesOf(n)); err != nil {
		return nil, err
	}
	text := make([]byte, n[0])
	if err := g.Receive(from, text); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, errors.WithStack(err)
	}
	for i := range all {
		t := &all[i]
		dt, ok := stateTypes[t.Type]
		if !ok {
			return nil, errors.Errorf("state %s of rank %d has type %s, want one of int32, int64, float32 and float64", t.Name, from, t.Type)
		}
		t.dense = tensor.New(tensor.Of(dt), tensor.WithShape(t.Shape...))
		if err := g.Receive(from, memoryOf(t.dense)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// memoryOf returns the memory of a contiguous tensor.
func memoryOf(t *tensor.Dense) []byte {
	switch t.Dtype() {
	case tensor.Int32:
		return bytesOf(t.Int32s())
	case tensor.Int64:
		return bytesOf(t.Int64s())
	case tensor.Float32:
		return bytesOf(t.Float32s())
	}
	return bytesOf(t.Float64s())
}

// ownMoments returns the state of the parameters that this rank updates, and the state that belongs to none, such as the step.
func (tr *Trainer) ownMoments(all map[string]*tensor.Dense) map[string]*tensor.Dense {
	if tr.links == nil || !tr.Shard {
		return all
	}
	own := maps.Clone(all)
	maps.DeleteFunc(own, func(name string, _ *tensor.Dense) bool {
		w := tr.weightOf(name)
		return w >= 0 && !tr.links.owns(w)
	})
	return own
}

// weightOf returns the index of the weight that a tensor of the optimizer's state belongs to, -1 for none. The name of the tensor ends
// with the name of the weight.
func (tr *Trainer) weightOf(tensor string) int {
	best := -1
	for w, p := range tr.model {
		if name := nameOf(p, w); strings.HasSuffix(tensor, "."+name) && (best < 0 || len(name) > len(nameOf(tr.model[best], best))) {
			best = w
		}
	}
	return best
}
