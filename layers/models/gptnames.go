package models

import (
	"regexp"
	"strings"
)

var (
	wrapped = regexp.MustCompile(`^((_orig_mod|module)\.)*(transformer\.)?`)
	masks   = regexp.MustCompile(`^h\.\d+\.attn\.(masked_)?bias$`)
)

// Rename returns the parameter's path for a tensor's name in a file: without the prefix of GPT2LMHeadModel ("transformer."), and
// without those of torch.compile ("_orig_mod.") and DistributedDataParallel ("module."). With [GPT.Ignore] it makes the rules by
// which published weights are read:
//
//	checkpoints.LoadWeights(dir, params.All(), checkpoints.Rules{Rename: m.Rename, Ignore: m.Ignore})
func (m GPT) Rename(name string) string {
	return strings.TrimPrefix(name, wrapped.FindString(name))
}

// Ignore reports whether a tensor of a file, named as a parameter would be, is no parameter: the causal masks that old files
// hold, and the head's second name if the head is tied.
func (m GPT) Ignore(path string) bool {
	return masks.MatchString(path) || path == "lm_head.weight" && !m.Untied
}
