// Package onnxtest checks ONNX files with ONNX Runtime, an independent program, for tests.
package onnxtest

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"os/exec"
	"testing"
)

//go:embed run.js
var script string

// Tensor is an input, with []int64 or []float32 as Data, or a result, with []float32.
type Tensor struct {
	Dims []int
	Data any
}

// wire is a Tensor as JSON. Data is in base64.
type wire struct {
	Type string `json:"type"`
	Dims []int  `json:"dims"`
	Data []byte `json:"data"`
}

// Run runs the model in a file on each of several inputs. It skips the test where node or its package onnxruntime-node is missing. Node
// finds the package in the folders of NODE_PATH, too.
func Run(t testing.TB, model string, runs ...map[string]Tensor) []map[string]Tensor {
	t.Helper()
	if err := exec.Command("node", "-e", "require.resolve('onnxruntime-node')").Run(); err != nil {
		t.Skip("no ONNX Runtime: run npm install onnxruntime-node, and set NODE_PATH to its node_modules")
	}
	request := struct {
		Model string            `json:"model"`
		Runs  []map[string]wire `json:"runs"`
	}{Model: model}
	for _, feeds := range runs {
		all := map[string]wire{}
		for name, x := range feeds {
			all[name] = encode(t, name, x)
		}
		request.Runs = append(request.Runs, all)
	}
	in, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "-e", script)
	var out, message bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &message
	if err := cmd.Run(); err != nil {
		t.Fatalf("ONNX Runtime: %v: %s", err, message.Bytes())
	}
	var results []map[string]wire
	if err := json.Unmarshal(out.Bytes(), &results); err != nil {
		t.Fatal(err)
	}
	return decode(t, results)
}

func encode(t testing.TB, name string, x Tensor) wire {
	w := wire{Dims: x.Dims}
	switch x.Data.(type) {
	case []int64:
		w.Type = "int64"
	case []float32:
		w.Type = "float32"
	default:
		t.Fatalf("input %s has data of type %T, want []int64 or []float32", name, x.Data)
	}
	w.Data, _ = binary.Append(nil, binary.LittleEndian, x.Data) // the types have a fixed size
	return w
}

func decode(t testing.TB, results []map[string]wire) []map[string]Tensor {
	all := make([]map[string]Tensor, len(results))
	for i, outputs := range results {
		all[i] = map[string]Tensor{}
		for name, w := range outputs {
			if w.Type != "float32" {
				t.Fatalf("result %s is %s, want float32", name, w.Type)
			}
			data := make([]float32, len(w.Data)/4)
			if _, err := binary.Decode(w.Data, binary.LittleEndian, data); err != nil {
				t.Fatal(err)
			}
			all[i][name] = Tensor{w.Dims, data}
		}
	}
	return all
}
