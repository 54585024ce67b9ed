package data

import (
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// addIDs adds a new int32 input to the feed and returns its elements.
func addIDs(feed graph.Feed, name string, shape ...int) []int32 {
	t := tensor.New(tensor.Of(tensor.Int32), tensor.WithShape(shape...))
	feed[name] = t
	return t.Int32s()
}

// fillIDs sets all of dst to id.
func fillIDs(dst []int32, id int32) {
	for i := range dst {
		dst[i] = id
	}
}
