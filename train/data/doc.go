// Package data turns texts into batches of token ids: a Corpus for language models, Pairs for an encoder and a decoder, Rows for a
// classifier. Pictures, from idx files, are batches of pixels for a classifier.
//
// The one idea: a batch is a pure function of its number and a seed. So a run that resumes at any step draws the same batches as an
// uninterrupted run. The permutation of an epoch is computed and not stored, and a Corpus in a token file needs no memory.
//
//	corpus, err := data.Text{Paths: []string{"book.txt"}, Encoder: tokenizer}.Corpus()
//	…
//	learning, held, err := corpus.Split(0.9)
//	…
//	batches := learning.Shuffled(12, 64) // for a Trainer
//	scored := held.Sequential(12, 64)    // for train.Evaluate
//
// Data larger than memory are prepared once: Documents reads text, JSONL, CSV, TSV and, with package parquet, Parquet, and a Preparation
// encodes them in parallel into a folder of token files, which OpenShards maps. Packed fills batches with whole documents, and Mix
// mixes several corpora by weight.
//
//	report, err := data.Preparation{Documents: documents, Encoder: tokenizer, Fingerprint: hash, End: end, Out: "wiki", HeldOut: 0.01}.Run(ctx)
//	…
//	shards, err := data.OpenShards("wiki")
//	…
//	batches := shards.Learning.Packed(shards.End, 12, 1024)
//
// Sequences of different lengths need not be padded to the longest: Shapes chooses a few shapes from the lengths, and each batch holds
// sequences of one shape. graph.BuildShapes builds a Program for all of them.
//
//	sizes, err := pairs.Shapes(data.Shaping{Rows: 128})
//	…
//	batches := pairs.Batches(marks, sizes...)
//
// Shape letters: B rows of a batch, T positions of a row, S positions of a source row. A Feed has the inputs tokens, targets, lengths,
// source and source_lengths, all int32; pixels are float32. A target of ops.IgnoreTarget does not count.
//
// Errors: every error names the file and line, the row or the position, and both values that disagree. No user input causes a panic.
// A token file is written whole or not at all.
package data
