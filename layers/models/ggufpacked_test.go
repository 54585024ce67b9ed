package models_test

import (
	"bytes"
	"maps"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// packedFile is a GGUF file whose matrices are in few bits.
type packedFile struct {
	*ggufFile
	format kernel.Quant
}

func (f packedFile) Packed(name string) (*kernel.Packed, error) {
	shape, x := f.shapes[name], f.values[name]
	if len(shape) != 2 || !f.format.Packs(shape[1]) {
		return nil, nil
	}
	return kernel.Pack(f.format, shape[0], shape[1], kernel.Matrix[float32]{Data: x, Stride: shape[1]}), nil
}

func (f packedFile) Blocks(name string) ([]byte, error) {
	w, err := f.Packed(name)
	return w.Data, err
}

// TestGGUFPacked: the matrices that a file has in few bits are those that rounding the parameters gives, for every layout of the rows: GPT-2's
// transposed ones, Llama's pairs, BLOOM's heads.
func TestGGUFPacked(t *testing.T) {
	for _, m := range []models.LanguageModel{
		models.GPT{Vocab: 7, Context: 5, Layers: 2, Heads: 2, Dim: 64},
		models.GPT{Family: "bloom", Vocab: 7, Context: 5, Layers: 2, Heads: 2, Dim: 64},
		models.GPT{Family: "mpt", Vocab: 7, Context: 5, Layers: 2, Heads: 2, Dim: 64},
		models.Llama{Vocab: 7, Context: 5, Layers: 2, Heads: 4, KVHeads: 2, Dim: 64, Hidden: 96, Untied: true},
	} {
		params := graph.NewParams(tensor.Float32, 1)
		build(t, params, graph.Decode, m.Decode(1, 1))
		forms, err := graph.Packings(params, graph.Decode, m.Decode(1, 1))
		if err != nil {
			t.Fatal(err)
		}
		g, err := models.NewGGUF(m)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []kernel.Quant{kernel.BF16, kernel.Q8_0, kernel.Q4_0} {
			f := packedFile{ggufOf(t, m, maps.Collect(params.All())), q}
			matrices := 0
			for path, form := range forms {
				got, err := g.ReadPacked(f, path, form.Trans)
				want := form.Round(q, params.Value(path).Float32s())
				if err != nil || got == nil || got.Rows != want.Rows || got.Cols != want.Cols || !bytes.Equal(got.Data, want.Data) {
					t.Errorf("%T %v: %s differs from its rounded values (%v)", m, q, path, err)
				}
				if _, err := g.ReadPacked(f, path, !form.Trans); err != nil {
					t.Errorf("%T: %s: %v", m, path, err)
				}
				matrices++
			}
			if matrices < 6 {
				t.Errorf("%T: %d matrices can be packed, want all", m, matrices)
			}
		}
	}
}
