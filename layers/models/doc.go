// Package models holds whole Transformers, and RNN, the language model that they replaced. A model is its configuration: a struct that
// reads and writes the config.json of its family. Its methods declare the graphs for training, evaluation and decoding:
//
//	gpt := models.GPT{Vocab: 65, Context: 64, Layers: 4, Heads: 4, Dim: 128}
//	params := graph.NewParams(tensor.Float32, seed)
//	step, err := graph.Build(params, graph.Train, gpt.Loss(12, 64))
//	eval, err := graph.Build(params, graph.Eval, gpt.Loss(12, 64))
//	next, err := graph.Build(params, graph.Decode, gpt.Decode(1, 1))
//
// Open reads the folder of any family: GPT-2, MPT, BLOOM, Llama, Mistral, Qwen2, Qwen3, Gemma 2, Gemma 3, T5, BERT, RoBERTa, ModernBERT, ViT,
// SASRec, and the families of our own, such as gru and lstm.
//
// OpenGGUF reads the model in a GGUF file, the format of llama.cpp, and NewGGUF describes a model for writing one.
//
// Parameters have the names and layouts of the family's published weights. So published weights load without conversion, and
// trained weights open in the family's other programs.
package models
