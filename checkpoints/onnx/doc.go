// Package onnx writes models as ONNX files, which ONNX Runtime and many other programs run.
//
// [Translate] turns a declaration, such as models.BERT.Logits, into a [Model], and [Model.Save] writes the file. Translate knows the
// operations of package ops, no layers: it also takes models of your own. Shapes of a declaration are static, and those of the file are
// not. Translate therefore declares the model in several sizes and finds out how each shape depends on the [Axis] that differ:
//
//	m, err := onnx.Translate(params, onnx.Declaration{
//		Axes:    []onnx.Axis{{Name: "batch_size"}, {Name: "sequence_length", Max: model.Window()}},
//		Declare: func(n []int) func(*graph.Scope) { return model.Logits(n[0], n[1]) },
//		Names:   map[string]string{"tokens": "input_ids"},
//	})
//	…
//	err = m.Save("model.onnx")
//
// Parameters keep their paths as names. Ids are int64, as is usual in ONNX. Operations of your own need a [Rule].
//
// The format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. Files above the 2 GiB that Protocol Buffers allow keep their
// weights in a second file.
//
// Errors name the operation, the path in the model and the remedy. Nothing panics on user input.
package onnx
