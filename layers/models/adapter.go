package models

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers"
)

// Adapter is a LoRA of a model in the files of Hugging Face's PEFT. As JSON it is adapter_config.json.
type Adapter struct {
	layers.LoRA
	Base    string // folder of the base model, or its name on Hugging Face
	Task    string // PEFT's task_type; "" means none
	Conv1Ds bool   // fan_in_fan_out: the weights of the adapted layers are (in, out), as in GPT-2
}

// NewAdapter returns the Adapter of a LoRA for m, with the names of the layers that it selects as Targets. base is the folder of m.
func NewAdapter(l layers.LoRA, m Model, base string) (Adapter, error) {
	all, err := layers.LoRA{Rank: 1, Alpha: 1, Targets: []string{"all"}}.Layers(Declaration(m))
	if err != nil {
		return Adapter{}, err
	}
	adapted, err := l.Layers(Declaration(m))
	if err != nil {
		return Adapter{}, err
	}
	a := Adapter{LoRA: l, Base: base, Task: task(m), Conv1Ds: adapted[0].InOut}
	a.Targets = moduleNames(adapted, all)
	return a, nil
}

// moduleNames returns the shortest list of names that selects the adapted layers among all: the ends of paths after the number of a
// block or, if they also select another layer, whole paths.
func moduleNames(adapted, all []layers.Adapted) []string {
	ends, paths := map[string]bool{}, map[string]bool{}
	for _, l := range adapted {
		ends[afterNumber(l.Path)], paths[l.Path] = true, true
	}
	short := layers.LoRA{Targets: slices.Sorted(maps.Keys(ends))}
	for _, l := range all {
		if short.Matches(l.Path, true) && !paths[l.Path] {
			return slices.Sorted(maps.Keys(paths))
		}
	}
	return short.Targets
}

// afterNumber returns the parts of a path after its last number.
func afterNumber(path string) string {
	parts := strings.Split(path, ".")
	for i, p := range slices.Backward(parts[:len(parts)-1]) {
		if _, err := strconv.Atoi(p); err == nil {
			return strings.Join(parts[i+1:], ".")
		}
	}
	return path
}

// task returns PEFT's task_type for a model.
func task(m Model) string {
	switch m.(type) {
	case Seq2Seq, T5:
		return "SEQ_2_SEQ_LM"
	case TextEncoder:
		return "FEATURE_EXTRACTION"
	case LanguageModel:
		return "CAUSAL_LM"
	}
	return ""
}

// peftPrefix precedes the name of every tensor in PEFT's files.
const peftPrefix = "base_model.model."

// Published returns PEFT's name for a parameter of the adapter of m at a path.
func (a Adapter) Published(m Model, path string) string {
	if a.Name != "" {
		path = strings.Replace(path, "."+a.Name+".weight", ".weight", 1)
	}
	if g, ok := m.(GPT); ok && cmp.Or(g.Family, "gpt2") == "gpt2" {
		path = "transformer." + path
	}
	return peftPrefix + path
}

// Path returns the path of a parameter of the adapter of m for PEFT's name. It is the inverse of Published.
func (a Adapter) Path(m Model, name string) string {
	path := m.Rename(strings.Replace(strings.TrimPrefix(name, peftPrefix), ".modules_to_save.", ".", 1)) // of PEFT's older files
	if head, ok := strings.CutSuffix(path, ".weight"); ok && a.Name != "" && (strings.HasSuffix(head, ".lora_A") || strings.HasSuffix(head, ".lora_B")) {
		path = head + "." + a.Name + ".weight"
	}
	return path
}

// Declaration declares m on the smallest inputs, for a look at its parameters.
func Declaration(m Model) func(*graph.Scope) {
	switch m := m.(type) {
	case ViT:
		return m.Loss(1, m.Size)
	case interface {
		Loss(b, t int) func(*graph.Scope)
	}:
		return m.Loss(1, 1)
	case interface {
		Loss(b, source, target int) func(*graph.Scope)
	}:
		return m.Loss(1, 1, 1)
	}
	return func(s *graph.Scope) { s.Failf("no declaration of a %T is known", m) }
}

// unsupported returns an error that names a key of adapter_config.json with a value that LoRA does not have.
func unsupported(key string, value any, want string) error {
	return errors.Errorf("models: adapter_config.json: %s is %v, want %s", key, value, want)
}
