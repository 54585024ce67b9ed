package layers

import (
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
)

// LoRA is a low-rank adapter of linear layers: y = x·Wᵀ + b becomes y = x·Wᵀ + b + s·(dropout(x)·Aᵀ)·Bᵀ (Hu et al. 2021, arXiv
// 2106.09685). W and b stay as they are. Only A and B are trained, which takes little memory and few weights. At first B is zero, so that
// the model is unchanged.
//
// No model declares an adapter itself. A Program has the adapter if its parameters carry it, as the result of Adapt does:
//
//	adapted, err := layers.LoRA{Rank: 8, Alpha: 16, Targets: []string{"all"}}.Adapt(params, m.Loss(1, 1))
//	step, err := graph.Build(adapted, graph.Train, m.Loss(b, t)) // with the adapter; only A and B are trained
//	plain, err := graph.Build(params, graph.Eval, m.Loss(b, t))  // without it, over the same weights
//
// Several adapters of other Names may share a base. params.Carry(adapter) selects one for the Programs over the result.
//
// Parameters, under the path of each layer that Targets selects: lora_A.weight (Rank, in), uniform in ±1/√in at first as in PEFT, and
// lora_B.weight (out, Rank), zero at first. With a Name they are lora_A.NAME.weight and lora_B.NAME.weight.
type LoRA struct {
	Name    string   // tells adapters over one base apart; "" is one too
	Rank    int      // r, the rows of A
	Alpha   float64  // the scale s is Alpha/Rank, or Alpha/√Rank with RS
	RS      bool     // rank-stabilized LoRA (Kalajdzievski 2023, arXiv 2312.03732)
	Dropout float64  // of the adapter's input
	Targets []string // layers to adapt: see Matches

	// Ranks and Alphas replace Rank and Alpha in some layers. The keys are regular expressions for the end of a layer's path, as in
	// PEFT's rank_pattern and alpha_pattern.
	Ranks  map[string]int
	Alphas map[string]float64

	// Saved names modules that are trained whole and have no adapter, such as a new head: paths, or the ends of paths, as in PEFT's
	// modules_to_save. Their weights are the model's own, so adapters with Saved do not share a base.
	Saved []string
}

// Check returns an error that names the first field with an invalid value.
func (l LoRA) Check() error {
	if strings.ContainsAny(l.Name, ".*") {
		return errors.Errorf("layers: LoRA: Name is %q, want a name without . and *", l.Name)
	}
	if !(l.Dropout >= 0 && l.Dropout < 1) {
		return errors.Errorf("layers: LoRA: Dropout is %v, want at least 0 and less than 1", l.Dropout)
	}
	if err := checkSize(l.Rank, l.Alpha, ""); err != nil {
		return err
	}
	for key, rank := range l.Ranks {
		if err := checkSize(rank, l.Alpha, " of "+key); err != nil {
			return err
		}
	}
	for key, alpha := range l.Alphas {
		if err := checkSize(l.Rank, alpha, " of "+key); err != nil {
			return err
		}
	}
	for _, name := range l.Saved {
		if name == "" || strings.ContainsAny(name, "*?[") {
			return errors.Errorf("layers: LoRA: Saved has %q, want names of modules", name)
		}
	}
	return l.checkTargets()
}

func checkSize(rank int, alpha float64, of string) error {
	if rank < 1 {
		return errors.Errorf("layers: LoRA: Rank%s is %d, want at least 1", of, rank)
	}
	if !(alpha > 0) || math.IsInf(alpha, 0) {
		return errors.Errorf("layers: LoRA: Alpha%s is %v, want a finite number above 0", of, alpha)
	}
	return nil
}

// Owns reports whether a path is a weight that l trains: A or B of a layer, or a weight of a module of Saved.
func (l LoRA) Owns(path string) bool { return l.Adds(path) || l.saves(path) }

// Adds reports whether a path is A or B of a layer.
func (l LoRA) Adds(path string) bool {
	return strings.HasSuffix(path, "."+l.matrix("lora_A")) || strings.HasSuffix(path, "."+l.matrix("lora_B"))
}

// saves reports whether a path is in a module of Saved.
func (l LoRA) saves(path string) bool {
	return slices.ContainsFunc(l.Saved, func(name string) bool { return strings.Contains("."+path+".", "."+name+".") })
}

// matrix returns the path of a matrix below its layer.
func (l LoRA) matrix(name string) string {
	if l.Name != "" {
		name += "." + l.Name
	}
	return name + ".weight"
}

// Adapt returns a view of params for Programs with the adapter: see graph.Params.Carry. It freezes all weights and unfreezes those that
// l owns, in Programs built from now on. Graphs of declare have the layers; any size of the model's inputs will do.
//
// It is an error if a field is invalid, if one of Targets selects no layer, if one of Saved selects no weight, or if Rank exceeds a side of a
// weight.
func (l LoRA) Adapt(params *graph.Params, declare func(*graph.Scope)) (*graph.Params, error) {
	if _, err := l.Layers(declare); err != nil {
		return nil, err
	}
	if _, err := l.Whole(declare); err != nil {
		return nil, err
	}
	params.Freeze("**")
	params.Unfreeze("**." + l.matrix("lora_A"))
	params.Unfreeze("**." + l.matrix("lora_B"))
	for _, name := range l.Saved {
		params.Unfreeze("**." + name + ".**")
	}
	return params.Carry(l), nil
}
