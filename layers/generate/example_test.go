package generate_test

import (
	"fmt"
	"log"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/generate"
)

// counting returns an untrained model that expects i+1 after i, and 0 after 9. Its second choice is the number after the first.
func counting() (*graph.Params, generate.Model) {
	params, m := newParams(), bigram{10, 100}
	if _, err := graph.Build(params, graph.Decode, m.Decode(1, 1)); err != nil { // declares the weights
		log.Fatal(err)
	}
	table := params.Value("table").Float32s()
	clear(table)
	for i := range 10 {
		table[10*i+(i+1)%10], table[10*i+(i+2)%10] = 3, 2
	}
	return params, m
}

func ExampleTokens() {
	params, m := counting()
	d, err := generate.NewDecoder(params, m, 1)
	if err != nil {
		log.Fatal(err)
	}
	for id, err := range generate.Tokens(d, []int32{6, 7}, generate.Options{Tokens: 12, Stop: []int32{5}}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(id, " ")
	}
	// Output: 8 9 0 1 2 3 4
}

// The width of the beam is the batch of the Decoder.
func ExampleBeam() {
	params, m := counting()
	d, err := generate.NewDecoder(params, m, 3)
	if err != nil {
		log.Fatal(err)
	}
	found, err := generate.Beam(d, []int32{1}, generate.BeamOptions{Tokens: 6, Stop: []int32{4}})
	if err != nil {
		log.Fatal(err)
	}
	for _, h := range found {
		fmt.Printf("%v %.2f\n", h.Tokens, h.Score)
	}
	// Output:
	// [2 3] -1.71
	// [2] -2.14
	// [3] -2.14
}
