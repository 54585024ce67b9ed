// Package gguf reads and writes GGUF files, the format of llama.cpp and the programs around it: metadata, and tensors that may be
// quantized (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). It writes version 3 and reads versions 2 and 3.
//
//	f, err := gguf.Open("model.gguf")
//	…
//	defer f.Close()
//	arch := f.Metadata()["general.architecture"]
//	x, err := f.Values("token_embd.weight") // float32, whatever the file's type is
//
// The package knows no models. models.OpenGGUF of layers/models reads the model in a file, and tokenize.ParseGGUF its tokenizer.
//
// Metadata is a map. The Go types of its values are those of the format: uint8 to uint64, int8 to int64, float32, float64, bool, string, and
// slices of one of them. Arrays of arrays are refused, as llama.cpp refuses them.
//
// Shapes are row-major, as everywhere in this module: (rows, columns). The file lists the dimensions in the opposite order.
//
// Nothing panics on the content of a file, and no length in a file is believed before the file is known to be that long. Errors name the
// file, the key or the tensor, and the two values that disagree. Writing is atomic: see checkpoints.WriteFile.
package gguf
