// Package generate makes text with a trained model, greedily, by sampling or by beam search. It generates one token at a time and
// caches the keys and values of earlier tokens.
//
//	d, err := generate.NewDecoder(params, gpt, 1)
//	for id, err := range generate.Tokens(d, prompt, generate.Options{Tokens: 100, Temperature: 0.8}) {
//		…
//	}
//
// [Batch] and [Beams] continue many prompts at once. A [Decoder] holds a batch of sequences. It reads prompts in passes of several
// sizes, so that a short prompt or a finished sequence in a batch of long ones costs almost nothing. [Options] and [BeamOptions] determine
// which tokens may follow and how likely they are. Without stop tokens, no token ends a text. Use Bias to forbid ids that are not tokens.
// If a prompt or a result does not fit into the model's window, the error names both lengths.
package generate
