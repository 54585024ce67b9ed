package graph_test

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// stockRefused maps the functions that Build refuses to an application of each.
var stockRefused = map[string]stockCase{
	"InverseSqrt":   {shapes: [][]int{{3}}, apply: one(G.InverseSqrt)},
	"Log2":          {shapes: [][]int{{3}}, apply: one(G.Log2)},
	"OuterProd":     {shapes: [][]int{{3}, {2}}, apply: two(G.OuterProd)},
	"SoftMax":       {shapes: [][]int{{3, 2}}, apply: one(func(x *G.Node) (*G.Node, error) { return G.SoftMax(x) })},
	"LogSoftMax":    {shapes: [][]int{{3, 2}}, apply: one(func(x *G.Node) (*G.Node, error) { return G.LogSoftMax(x) })},
	"Slice":         {shapes: [][]int{{3, 2}}, apply: one(func(x *G.Node) (*G.Node, error) { return G.Slice(x, G.S(0, 2)) })},
	"At":            {shapes: [][]int{{3, 2}}, apply: one(func(x *G.Node) (*G.Node, error) { return G.At(x, 0, 1) })},
	"AveragePool1D": {shapes: [][]int{{2, 2, 1, 6}}, apply: one(func(x *G.Node) (*G.Node, error) { return G.AveragePool1D(x, 2, 0, 2) })},
	"MaxPool1D":     {shapes: [][]int{{2, 2, 1, 6}}, apply: one(func(x *G.Node) (*G.Node, error) { return G.MaxPool1D(x, 2, 0, 2) })},
	"MaxPool2D/padded": {shapes: [][]int{{1, 1, 4, 4}}, apply: one(func(x *G.Node) (*G.Node, error) {
		return G.MaxPool2D(x, tensor.Shape{2, 2}, []int{0, 1, 0, 1}, []int{2, 2})
	})},
	"Conv2d/ambiguous": {shapes: [][]int{{1, 2, 5, 5}, {2, 2, 2, 2}}, apply: two(func(x, f *G.Node) (*G.Node, error) {
		return G.Conv2d(x, f, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}, []int{1, 1})
	})},
	"Conv1d/ambiguous": {shapes: [][]int{{1, 2, 1, 5}, {2, 2, 1, 2}}, apply: two(func(x, f *G.Node) (*G.Node, error) { return G.Conv1d(x, f, 2, 0, 2, 2) })},
	"Im2Col/ambiguous": {shapes: [][]int{{1, 2, 5, 5}}, apply: one(func(x *G.Node) (*G.Node, error) {
		return G.Im2Col(x, tensor.Shape{2, 2}, tensor.Shape{0, 0}, tensor.Shape{2, 2}, tensor.Shape{2, 2})
	})},
	"AveragePool2D": {shapes: [][]int{{2, 2, 6, 6}}, apply: one(func(x *G.Node) (*G.Node, error) {
		return G.AveragePool2D(x, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2})
	})},
	"Sparsemax": {shapes: [][]int{{3, 2}}, apply: one(func(x *G.Node) (*G.Node, error) { return G.Sparsemax(x) })},
	"Dropout":   {shapes: [][]int{{3, 2}}, apply: one(func(x *G.Node) (*G.Node, error) { return G.Dropout(x, 0.5) })},
	"ConvType":  {shapes: [][]int{{3, 2}}, apply: one(func(x *G.Node) (*G.Node, error) { return G.ConvType(x, x.Dtype(), tensor.Float64) })},
	"CTCLoss": {shapes: [][]int{{4, 1, 3}}, apply: one(func(x *G.Node) (*G.Node, error) {
		ids := G.NewTensor(x.Graph(), tensor.Int, 2, G.WithShape(1, 2), G.WithName("labels"))
		n := G.NewTensor(x.Graph(), tensor.Int, 1, G.WithShape(1), G.WithName("lengths"))
		return G.CTCLoss(x, ids, n, n, G.ReductionMean)
	})},
	"YOLOv3": {shapes: [][]int{{1, 18, 2, 2}}, apply: one(func(x *G.Node) (*G.Node, error) {
		return G.YOLOv3(x, []float32{1, 2, 3, 4, 5, 6}, []int{0, 1, 2}, 32, 1, 0.5)
	})},
	"LogSumExp":         {shapes: [][]int{{5}}, apply: one(func(x *G.Node) (*G.Node, error) { return G.LogSumExp(x, 0) })},
	"Norm/1":            {shapes: [][]int{{3, 4}}, apply: one(func(x *G.Node) (*G.Node, error) { return G.Norm(x, 1, 1) })},
	"Norm/3":            {shapes: [][]int{{3, 4}}, apply: one(func(x *G.Node) (*G.Node, error) { return G.Norm(x, 0, 3) })},
	"MaxBetween/scalar": {shapes: [][]int{{}, {}}, apply: two(G.MaxBetween)},
	"MinBetween/scalar": {shapes: [][]int{{}, {}}, apply: two(G.MinBetween)},
	"Tensordot/thin": {shapes: [][]int{{1, 4}, {4, 2}}, apply: two(func(x, y *G.Node) (*G.Node, error) {
		return G.Tensordot([]int{1}, []int{0}, x, y)
	})},
	"Slice/Unconcat": {shapes: [][]int{{4, 2}}, apply: one(func(x *G.Node) (*G.Node, error) {
		parts, err := G.Unconcat(x, 0, 2)
		if err != nil {
			return nil, err
		}
		return parts[0], nil
	})},
}

// stockOther maps functions that make no operation on nodes, or whose refusal another test shows, to the reason.
var stockOther = map[string]string{
	"Backpropagate": "derivatives", "Grad": "derivatives", "Must": "an adapter",
	"NodesFromInputs": "an adapter", "ApplyOp": "an adapter", "ApplyOpWithName": "an adapter", "Sort": "an order", "UnstableSort": "an order",
	"NewMatrix": "an input: Build refuses those not made by Scope.Input", "NewScalar": "an input", "NewTensor": "an input", "NewVector": "an input",
	"NodeFromAny": "an input", "NewUniqueNode": "an input", "OneHotVector": "a constant", "NewConstant": "TestPitfallConstants",
	"BinomialRandomNode": "random, TestRefused", "GaussianRandomNode": "random, TestRefused", "UniformRandomNode": "TestRefused",
	"Read": "TestRefused", "Set": "TestRefused", "BatchNorm": "TestRefused", "GroupNorm": "TestRefused", "BinaryXent": "TestPitfallRemovedNode",
	"ByIndices": "TestPitfallByIndices", "Unconcat": "slices, TestStockRefused",
}
