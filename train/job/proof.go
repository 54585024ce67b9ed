package job

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"unsafe"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// numbers is the version of the numbers: it rises when the same run gives other bits than before. 2: the gradients of micro-batches are
// added in a tree.
const numbers = 2

// proof identifies everything that determines the weights of a run: two runs with the same Hash have the same weights after every step, bit
// for bit, on any number of ranks and processors.
type proof struct {
	Numbers int    `json:"numbers"` // version of the numbers
	Kernels string `json:"kernels"` // kernel.Numbers
	Since   int    `json:"since"`   // step at which the settings became those of Hash
	Weights string `json:"weights"` // SHA-256 of the weights after that step
	Hash    string `json:"hash"`    // SHA-256 of the program, its settings, the model, the data, the tokenizer and the fields above but Since
}

// idle are the recorded flags that do not change the weights.
var idle = []string{"eval-every", "eval-tokens", "sample-every", "keep", "patience", "average", "metrics", "noise-scale", "eval-data"}

// prove returns the proof of a run that begins or resumes. If nothing has changed that determines the weights, it is the proof so far.
func (r *Run) prove(now record) (*proof, error) {
	p := &proof{Numbers: numbers, Kernels: kernel.Numbers(), Since: r.setup.Trainer.Step}
	was := r.record.Proof
	if r.resumes && was != nil {
		p.Since, p.Weights = was.Since, was.Weights
		var err error
		if p.Hash, err = r.hash(now, p); err != nil || *p == *was {
			return p, err
		}
		p.Since = r.setup.Trainer.Step
	}
	p.Weights = hashOfWeights(r.setup.Trainer.Program.Params())
	var err error
	p.Hash, err = r.hash(now, p)
	return p, err
}

// hash returns the Hash of a proof. Paths are left out: the keys of the data and the weights stand for their contents.
func (r *Run) hash(now record, p *proof) (string, error) {
	flags := maps.Clone(now.Flags)
	maps.DeleteFunc(flags, func(name, _ string) bool {
		if r.setup.Trainer.Plateau != nil && strings.HasPrefix(name, "eval-") {
			return false // the results of evaluations lower the rate
		}
		return slices.Contains(idle, name) || slices.Contains(r.program.Paths, name) || slices.Contains(r.program.Data, name)
	})
	text, err := json.Marshal(struct {
		Numbers                  int
		Kernels, Weights         string
		Program, Data, Tokenizer string
		Flags                    map[string]string
		Config                   any
		Names                    []string
	}{p.Numbers, p.Kernels, p.Weights, now.Program, now.Data, now.Tokenizer, flags, r.setup.Config, weightNames(r.setup.Trainer.Program)})
	return fmt.Sprintf("%x", sha256.Sum256(text)), errors.WithStack(err)
}

// weightNames lists the trained weights: a frozen weight stays.
func weightNames(p *graph.Program) (names []string) {
	for _, w := range p.Weights() {
		names = append(names, w.Name())
	}
	return names
}

// hashOfWeights returns the SHA-256 of all weights, with their names.
func hashOfWeights(params *graph.Params) string {
	h := sha256.New()
	for name, t := range params.All() {
		fmt.Fprintf(h, "%q %v\n", name, t.Shape())
		h.Write(memory(t))
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// sumOfWeights returns the CRC-32C of all weights. It is computed after every step.
func sumOfWeights(params *graph.Params) uint32 {
	sum := uint32(0)
	for _, t := range params.All() {
		sum = crc32.Update(sum, castagnoli, memory(t))
	}
	return sum
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// memory returns the memory of a contiguous tensor of floats.
func memory(t *tensor.Dense) []byte {
	if t.Dtype() == tensor.Float64 {
		return bytesOf(t.Float64s())
	}
	return bytesOf(t.Float32s())
}

func bytesOf[T any](v []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(*new(T))))
}
