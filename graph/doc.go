// Package graph declares Transformer models as Gorgonia expression graphs and runs them.
//
// A model is a function of a Scope: its layers make parameters under their path, apply operations and name outputs. [Build] runs
// that function, lets Gorgonia differentiate the loss symbolically, plans the memory and returns a [Program]. The same function can
// be built several times over the same [Params], for training, evaluation and cached decoding. The Programs share their weights,
// and no mode needs switching.
//
//	params := graph.NewParams(tensor.Float32, 1)
//	step, err := graph.Build(params, graph.Train, func(s *graph.Scope) {
//		x := s.Input("x", tensor.Float32, 8, 3)          // (B, C)
//		w := s.Param("weight", graph.Normal(0.02), 1, 3) // (1, C)
//		…
//		s.Minimize(loss)
//	})
//
// Operations come from package ops, from Gorgonia or from ops.New. Scope.Try adapts them.
//
// # Batches of several shapes
//
// Shapes are static: a Program takes inputs of one shape. [BuildShapes] builds one declaration for several sizes, as one Program whose
// Run chooses the size by the shapes of its inputs. Short rows then cost no padding to the longest row of all.
//
// # Weights in few bits
//
// Params holds a weight as a tensor, or in few bits as a kernel.Packed, for models that only run and for the frozen base of an adapter.
// [Packings] returns the weights that a declaration reads in no operation but ops.Linear, ops.Embedding and ops.LinearCrossEntropy.
// [Params.Pack] then gives such a weight its matrix, which may be a part of a file that is mapped into memory, before the first Build.
// [Pack] rounds weights that exist. Declarations do not change: Build binds the matrix, and the operation chooses its kernel. Such a weight
// is frozen. Build refuses a Program with another operation on it by name.
//
// # Gorgonia's operations
//
// Build refuses the operations of Gorgonia v0.9.18 that have wrong values or gradients, or that Gorgonia merges by mistake. The
// error names the operation and its replacement. They are
//   - At, ByIndices, Slice and Unconcat: use ops.Slice, ops.Reshape and ops.Embedding
//   - AveragePool1D, AveragePool2D, MaxPool1D, and MaxPool2D with four paddings: use Mean, or MaxPool2D with two paddings
//   - Im2Col, Conv1d and Conv2d where another dilation has results of the same shape: use a stride of 1, or windows that end at the edge
//   - SoftMax, LogSoftMax, Sparsemax and LogSumExp: use ops.Softmax and ops.LogSoftmax
//   - BatchNorm, GroupNorm and Norm of odd powers: use ops.LayerNorm, and Abs before Norm
//   - InverseSqrt, Log2, OuterProd, Tensordot with results of one row or column, MaxBetween and MinBetween of scalars
//   - Concat of more than 255 elements along an axis, broadcasts in four dimensions: use ops.Concat, ops.Add, ops.Sub, ops.Mul and ops.Div
//   - Dropout and random nodes: use ops.Dropout
//   - BinaryXent, CTCLoss and YOLOv3: use ops.CrossEntropy or ops.New
//   - Read, Set, ConvType, external operations, and constants that are tensors or have names: use Scope.Output, Scope.State and Scope.Constant
//
// All others are tested: their values against plain Go and their gradients against central differences.
//
// # Errors
//
// The first error of a declaration is kept, and Build returns it with the scope's path. A declaration needs no checks in between.
// Run returns an error that names a wrong input, or the path of an operation that fails at run time, for example on a token id out
// of range. No exported function panics on user input.
//
// # Shape letters
//
// B batch, T time (queries), S time (keys), C channels, H heads, D width of a head, V vocabulary.
package graph
