// Package onnxtest checks ONNX files with ONNX Runtime, an independent program, for tests.
package onnxtest

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"os"
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

// Job is a run of the model in a file.
type Job struct {
	Model string
	Feeds map[string]Tensor
}

// Outcome is the outputs of a Job, or the error of ONNX Runtime.
type Outcome struct {
	Outputs map[string]Tensor
	Error   string
}

// wire is a Tensor as JSON. Data is in base64.
type wire struct {
	Type string `json:"type"`
	Dims []int  `json:"dims"`
	Data []byte `json:"data"`
}

type request struct {
	Model string          `json:"model"`
	Feeds map[string]wire `json:"feeds"`
}

type response struct {
	Outputs map[string]wire `json:"outputs"`
	Error   string          `json:"error"`
}

// Need skips the test where node or its package onnxruntime-node is missing. Node finds the package in the folders of NODE_PATH, too.
func Need(t testing.TB) {
	t.Helper()
	folders := os.Getenv("NODE_PATH") // read here, so that go test repeats a cached test if it changes
	if err := exec.Command("node", "-e", "require.resolve('onnxruntime-node')").Run(); err != nil {
		t.Skipf("no ONNX Runtime: run npm install onnxruntime-node, and set NODE_PATH, which is %q, to its node_modules", folders)
	}
}

// Run runs jobs in one process. It skips the test as Need does.
func Run(t testing.TB, jobs ...Job) []Outcome {
	t.Helper()
	Need(t)
	requests := make([]request, len(jobs))
	for i, j := range jobs {
		requests[i] = request{j.Model, map[string]wire{}}
		for name, x := range j.Feeds {
			requests[i].Feeds[name] = encode(t, name, x)
		}
	}
	in, err := json.Marshal(requests)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "-e", script)
	var out, message bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &message
	if err := cmd.Run(); err != nil {
		t.Fatalf("node: %v: %s", err, message.Bytes())
	}
	var responses []response
	if err := json.Unmarshal(out.Bytes(), &responses); err != nil || len(responses) != len(jobs) {
		t.Fatalf("node: %d answers to %d jobs: %v", len(responses), len(jobs), err)
	}
	outcomes := make([]Outcome, len(jobs))
	for i, r := range responses {
		outcomes[i] = Outcome{decode(t, r.Outputs), r.Error}
	}
	return outcomes
}

func encode(t testing.TB, name string, x Tensor) wire {
	t.Helper()
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

func decode(t testing.TB, outputs map[string]wire) map[string]Tensor {
	t.Helper()
	all := map[string]Tensor{}
	for name, w := range outputs {
		if w.Type != "float32" {
			t.Fatalf("result %s is %s, want float32", name, w.Type)
		}
		data := make([]float32, len(w.Data)/4)
		if _, err := binary.Decode(w.Data, binary.LittleEndian, data); err != nil {
			t.Fatal(err)
		}
		all[name] = Tensor{w.Dims, data}
	}
	return all
}
