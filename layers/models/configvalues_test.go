package models_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// TestDecodingNeedsSizes: training works without Source and Target, and decoding asks for them by name.
func TestDecodingNeedsSizes(t *testing.T) {
	m := smallSeq2Seq
	m.Target = 0
	if err := m.Check(); err != nil {
		t.Errorf("for training: %v", err)
	}
	for _, declare := range []func(*graph.Scope){m.Remember(1), m.Decode(1, 1)} {
		_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Decode, declare)
		wantError(t, err, "Target is 0", "decoding")
	}
	_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Eval, smallGPT.Logits(1, 10))
	wantError(t, err, "wpe", "10 tokens", "9 positions")
}

// TestTokenIDs: ids are a number, a list or null, 0 is a valid id, and ids are written in the form that was read. A list
// of one id equals the id.
func TestTokenIDs(t *testing.T) {
	for _, c := range []struct {
		in, out string
		want    []int32
	}{
		{"null", "null", nil}, {"[]", "null", nil}, {"0", "0", []int32{0}}, {"[0]", "0", []int32{0}}, {"10", "10", []int32{10}},
		{"10.0", "10", []int32{10}}, {"[3,0]", "[3,0]", []int32{3, 0}}, {"[3.0, 1e1]", "[3,10]", []int32{3, 10}},
	} {
		for _, key := range []string{"bos_token_id", "eos_token_id", "pad_token_id"} {
			var g models.GPT
			s := smallSeq2Seq
			seq2seq, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			seq2seq = append(bytes.TrimSuffix(seq2seq, []byte("}")), `,"`+key+`":`+c.in+`}`...)
			if err := json.Unmarshal([]byte(`{"model_type": "gpt2", "`+key+`": `+c.in+`}`), &g); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(seq2seq, &s); err != nil {
				t.Fatal(err)
			}
			got := map[string][]int32{"bos_token_id": s.BOS, "eos_token_id": s.EOS, "pad_token_id": s.PAD}[key]
			checkWritten(t, s, key, got, c.want, c.out)
			if got := map[string][]int32{"bos_token_id": g.BOS, "eos_token_id": g.EOS}[key]; key != "pad_token_id" {
				checkWritten(t, g, key, got, c.want, c.out)
			}
		}
	}
}

func checkWritten(t *testing.T, m any, key string, got, want []int32, text string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%T: %s: got %v, want %v", m, key, got, want)
	}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if part := `"` + key + `":` + text; !strings.Contains(string(data)+",", part) {
		t.Errorf("%T: got %s, want %s in it", m, data, part)
	}
}

// TestWholeNumbers writes every whole number of a configuration in all of JSON's notations.
func TestWholeNumbers(t *testing.T) {
	for _, m := range []any{&models.GPT{Vocab: 100, Context: 20, Layers: 3, Heads: 2, Dim: 40, Hidden: 70, BOS: []int32{10}, EOS: []int32{20, 30}}, &smallSeq2Seq} {
		plain, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{"${1}.0", "${1}.000", "${1}e0", "${1}.0E+0"} {
			text := regexp.MustCompile(`([:,\[])(\d+)([],}])`).ReplaceAllString(string(plain), "${1}"+strings.ReplaceAll(form, "${1}", "${2}")+"${3}")
			text = regexp.MustCompile(`([,\[])(\d+)([],])`).ReplaceAllString(text, "${1}"+strings.ReplaceAll(form, "${1}", "${2}")+"${3}")
			got := reflect.New(reflect.TypeOf(m).Elem()).Interface()
			if err := json.Unmarshal([]byte(text), got); err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			again, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if string(again) != string(plain) {
				t.Errorf("%s:\n got %s\nwant %s", text, again, plain)
			}
		}
	}
}

// TestActivationNames: names of one formula compute the same, and names of different formulas do not.
func TestActivationNames(t *testing.T) {
	loss := func(name string) float64 {
		m := smallGPT
		m.InitStd = 2 // activations of small numbers are alike
		m.Activation = name
		p := build(t, graph.NewParams(tensor.Float32, 1), graph.Eval, m.Loss(2, 5))
		run(t, p, windows(m, 2, 5))
		return p.Loss()
	}
	seen := map[float64]string{}
	for _, names := range [][]string{
		{"gelu", "gelu_python"}, {"gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh", "gelu_python_tanh"},
		{"relu"}, {"silu", "swish"}, {"tanh"}, {"sigmoid"},
	} {
		want := loss(names[0])
		if other, ok := seen[want]; ok {
			t.Errorf("%s computes the same as %s", names[0], other)
		}
		seen[want] = names[0]
		for _, name := range names[1:] {
			if got := loss(name); got != want {
				t.Errorf("%s: loss is %g, want %g as with %s", name, got, want, names[0])
			}
		}
	}
}
