// Package generate makes text with a trained model: one token after the other over a cache of earlier keys and values, greedily,
// by sampling, or by beam search.
//
//	d, err := generate.NewDecoder(params, gpt, 1)
//	for id, err := range generate.Tokens(d, prompt, generate.Options{Tokens: 100, Temperature: 0.8}) {
//		…
//	}
//
// A [Decoder] holds a batch of sequences and two Programs over the same caches: one that reads a prompt some tokens at a time, and
// one for single tokens. Options and BeamOptions say which tokens may come and how likely they are. No id stands for none: without stop
// tokens no token ends a text, and ids that are no tokens are forbidden by Bias. Errors come when a prompt or a result does not fit into the model's window, and they name both lengths.
package generate
