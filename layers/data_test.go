package layers_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers"
)

// filled lists layers in which every field differs from its zero value.
var filled = []any{
	layers.Linear{Out: 3, NoBias: true, InOut: true, Conv: true, Act: kernel.SiLU, Std: 0.02},
	layers.Embedding{Vocab: 7, Dim: 4, Pad: true, Scale: true, Std: 0.02},
	layers.LayerNorm{Eps: 1e-6, NoBias: true},
	layers.RMSNorm{Eps: 1e-6, PlusOne: true},
	layers.Dropout{P: 0.1},
	layers.GRU{Layers: 2, Hidden: 3, NoBias: true, Dropout: 0.1},
	layers.LSTM{Layers: 2, Hidden: 3, NoBias: true, Dropout: 0.1},
	layers.LearnedPositions{Max: 9, Std: 0.01},
	layers.MLP{Hidden: 5, Act: kernel.GELU, Dropout: 0.1, NoBias: true, Names: layers.GPT2MLP, Std: 0.02, OutStd: 0.01},
	layers.GatedMLP{Hidden: 5, Act: kernel.GELU, Dropout: 0.1, NoBias: true, Names: layers.T5GatedMLP, Std: 0.02, OutStd: 0.01},
	layers.SelfAttention{
		Heads: 2, KVHeads: 1, HeadDim: 4, Causal: true, Window: 3, QKNorm: true, Norm: layers.RMSNorm{PlusOne: true}, Scale: 0.5, Softcap: 30,
		Dropout: 0.1, OutDropout: 0.2, NoBias: true, NoOutBias: true, Names: layers.BLOOMAttention, Std: 0.02, QueryStd: 0.03, OutStd: 0.01,
		Positions: layers.Positions{
			RoPE:  layers.RoPE{Dim: 2, Interleaved: true, Scaling: layers.RoPEScaling{Kind: layers.RoPELongRoPE, Short: layers.NewFactors(1, 2)}},
			ALiBi: layers.ALiBi{Max: 8}, T5: layers.T5Bias{Buckets: 32, MaxDistance: 128}, Shaw: layers.Shaw{Max: 4},
		},
	},
	layers.CrossAttention{
		Heads: 2, HeadDim: 4, Causal: true, Scale: 1, Dropout: 0.1, NoBias: true, NoOutBias: true, Names: layers.T5Attention, Std: 0.02, QueryStd: 0.03, OutStd: 0.01,
	},
	layers.PatchPositions{Name: "positions", Side: 7, Std: 0.02},
	layers.CrossPreNorm{PreNorm: layers.PreNorm{Dropout: 0.1, Names: layers.T5DecoderBlock}, Cross: layers.CrossAttention{Heads: 2}},
	layers.Norm{RMS: true, PlusOne: true, NoBias: true, Eps: 1e-6},
	layers.PreNorm{
		Attention: layers.SelfAttention{Heads: 2}, MLP: layers.MLP{Hidden: 3}, Gated: layers.GatedMLP{Hidden: 3}, Norm: layers.Norm{RMS: true},
		Dropout: 0.1, Names: layers.Gemma2Block,
	},
	Block{Heads: 2, Hidden: 5, Act: kernel.GELU, Eps: 1e-6, Dropout: 0.1, AttnDropout: 0.2, Window: 3, Std: 0.02, OutStd: 0.01},
	layers.Encoder{Layers: 2, NoNorm: true, Layer: layers.EncoderLayer{Heads: 2, Hidden: 5, Act: kernel.GELU, Dropout: 0.1, NormFirst: true, Eps: 1e-6}},
	layers.Decoder{Layers: 2, NoNorm: true, Layer: layers.DecoderLayer{Heads: 2, Hidden: 5, Act: kernel.GELU, Dropout: 0.1, NormFirst: true, Eps: 1e-6}},
}

// TestLayersAreData: layers can be compared, and JSON restores them without loss.
func TestLayersAreData(t *testing.T) {
	for _, l := range filled {
		typ := reflect.TypeOf(l)
		t.Run(typ.Name(), func(t *testing.T) {
			if !typ.Comparable() {
				t.Fatal("layer is not comparable")
			}
			for i := range typ.NumField() {
				if reflect.ValueOf(l).Field(i).IsZero() {
					t.Errorf("the test leaves field %s out", typ.Field(i).Name)
				}
			}
			data, err := json.Marshal(l)
			if err != nil {
				t.Fatal(err)
			}
			back := reflect.New(typ)
			if err := json.Unmarshal(data, back.Interface()); err != nil {
				t.Fatal(err)
			}
			if got := back.Elem().Interface(); got != l {
				t.Errorf("after JSON: got %+v, want %+v", got, l)
			}
		})
	}
}
