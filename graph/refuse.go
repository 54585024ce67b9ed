package graph

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// refused maps Gorgonia's own operations that give wrong values, wrong gradients or an unrecoverable panic in v0.9.18 to the reason
// and the replacement. Its keys are the types of their ops.
var refused = map[string]string{
	"dropoutOp":     "gorgonia.Dropout scales its gradient by 1/p instead of 1/(1-p): use ops.Dropout",
	"byIndicesOp":   "gorgonia.ByIndices reads other rows when an index is out of range: use ops.Embedding",
	"sliceOp":       "gorgonia.Slice merges slices whose bounds agree in their low bytes: use ops.Slice",
	"softmaxOp":     "gorgonia.SoftMax and LogSoftMax of one node are merged: use ops.Softmax or ops.LogSoftmax",
	"GroupNormOp":   "gorgonia.GroupNorm merges norms of different epsilon: use ops.LayerNorm",
	"BatchNormOp":   "gorgonia.BatchNorm keeps its mode in the op, for all graphs that share it: use ops.LayerNorm",
	"randomOp":      "gorgonia's random nodes depend on the order of runs: use ops.Dropout",
	"letOp":         "gorgonia.Set writes into an operand: use Scope.State",
	"readOp":        "gorgonia.Read keeps memory that is reused: use Scope.Output",
	"invSqrt":       "gorgonia.InverseSqrt has a wrong gradient: use gorgonia.Sqrt and ops.Div",
	"log2":          "gorgonia.Log2 has a wrong gradient: use gorgonia.Log and ops.Scale",
	"OuterProd":     "gorgonia.OuterProd fails in the backward pass unless its result is square: use ops.MatMul",
	"long concatOp": "gorgonia.Concat's gradient merges slices whose bounds agree in their low bytes: use ops.Concat",
	"4-D repeatOp":  "gorgonia's broadcasts have wrong gradients in four dimensions: use ops.Add, Sub, Mul or Div",
	"atOp":          "gorgonia.At has no gradient and is silently left out of the derivative: use ops.Slice and ops.Reshape",
	"avgPoolOp":     "gorgonia.AveragePool2D divides by the input's width and differentiates one window: use ops.Reshape and gorgonia.Mean, or gorgonia.Conv2d",
	"sparsemaxOp":   "gorgonia.Sparsemax merges operations on different axes: use ops.Softmax",
	"ctcLossOp":     "gorgonia.CTCLoss takes operands of type int, which no input has: use ops.New",
	"yoloOp":        "gorgonia.YOLOv3 changes its input and its training mode: use ops.New",
	"dtConvOp":      "gorgonia.ConvType has no conversion between floating-point types: use inputs of the parameters' type",
	"ExternalOp":    "gorgonia's external operations belong to its own machine: use gorgonia.Add, Sub or HadamardProd",

	"scalar maxBetween":  "gorgonia.MaxBetween of two scalars panics: use ops.Reshape to give them an axis",
	"scalar minBetween":  "gorgonia.MinBetween of two scalars panics: use ops.Reshape to give them an axis",
	"flat maxPoolOp":     "gorgonia.AveragePool1D takes the maximum and is merged with MaxPool1D: use gorgonia.MaxPool2D with the sequence along the height and a kernel of (k, 1)",
	"padded maxPoolOp":   "gorgonia.MaxPool2D with four paddings reads other windows: use two",
	"ambiguous im2colOp": "gorgonia.Im2Col, Conv1d and Conv2d merge operations of different dilation whose results have the same shape: use a stride of 1, or an image where the last window ends at the edge",
	"thin tensordotOp":   "gorgonia.Tensordot mixes up axes of 1 in its gradient: use ops.MatMul",
	"LogSumExp":          "gorgonia.LogSumExp adds the maximum before the logarithm: use gorgonia.Log of gorgonia.Sum of gorgonia.Exp, or ops.LogSoftmax",
	"odd Norm":           "gorgonia.Norm of an odd power leaves out the absolute value: use gorgonia.Abs on its operand",

	"constantTensor":       "gorgonia.NewConstant of a tensor is merged with other constants that print alike: use Scope.Constant",
	"named constantScalar": "gorgonia.NewConstant is merged with other constants of the same name but different values: leave the name out",
}

// nodeRemoved is the error of a graph from which Gorgonia has removed a node. It then mixes up the operands of later nodes.
const nodeRemoved = "gorgonia.BinaryXent removes a node from the graph, which mixes up the operands of later nodes: write t·log p + (1-t)·log(1-p) with ops and gorgonia.Log"

// intact returns an error if a node was removed from the graph: nodes are numbered without gaps.
func (b *builder) intact() error {
	if all := b.g.AllNodes(); all[len(all)-1].ID() != int64(len(all)-1) {
		return errors.New(nodeRemoved)
	}
	return nil
}

// refuse returns an error for the first declared node that is one of Gorgonia's wrong operations. The gradients that gorgonia.Grad
// makes for the other operations are correct. Statements are refused too: no node depends on them, so they would never run.
func (b *builder) refuse() error {
	needed := b.reachable(b.roots()...)
	for _, n := range b.g.AllNodes() {
		if name := opType(n.Op()); !needed[n] && name != "letOp" && name != "readOp" {
			continue
		}
		why := refusal(n)
		if why == "" {
			why = refused[b.composed(n)]
		}
		if why != "" {
			return errors.New(at(b.paths[n.ID()], why))
		}
	}
	return nil
}

func refusal(n *G.Node) string {
	switch n.Op().(type) {
	case nil, *ops.Op, *ops.View:
		return ""
	}
	name := opType(n.Op())
	switch name {
	case "elemUnaryOp":
		name = n.Op().String()
	case "linAlgBinOp":
		if strings.Contains(n.Op().String(), "⊗") {
			name = "OuterProd"
		}
	case "repeatOp":
		if n.Dims() >= 4 {
			name = "4-D repeatOp"
		}
	case "maxPoolOp":
		switch op := reflect.Indirect(reflect.ValueOf(n.Op())); {
		case op.FieldByName("explicitPadding").Bool():
			name = "padded maxPoolOp"
		case opField(n.Op(), "h") == 1 && opField(n.Op(), "w") > 1:
			name = "flat maxPoolOp"
		}
	case "maxBetween", "minBetween":
		if n.Dims() == 0 {
			name = "scalar " + name
		}
	case "tensordotOp":
		if slices.Contains(n.Shape(), 1) {
			name = "thin tensordotOp"
		}
	case "constantScalar":
		if n.Name() != fmt.Sprint(n.Value().Data()) {
			name = "named constantScalar"
		}
	case "concatOp":
		if slices.Max(n.Shape()) > math.MaxUint8 {
			name = "long concatOp"
		}
	}
	return refused[name]
}

// opType returns the name of an operation's type without package and pointer.
func opType(op G.Op) string {
	name := fmt.Sprintf("%T", op)
	return name[strings.LastIndex(name, ".")+1:]
}
