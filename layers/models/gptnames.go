package models

import (
	"regexp"
	"strings"
)

var (
	wrapped = regexp.MustCompile(`^((_orig_mod|module)\.)*(transformer\.)?`)
	masks   = regexp.MustCompile(`^h\.\d+\.attn\.(masked_)?bias$`)
)

// Rename returns the parameter's path for a tensor's name in a file. It removes the prefixes of GPT2LMHeadModel ("transformer."),
// torch.compile ("_orig_mod.") and DistributedDataParallel ("module."). With [GPT.Ignore] it loads published weights:
//
//	checkpoints.LoadWeights(dir, params.All(), checkpoints.Rules{Rename: m.Rename, Ignore: m.Ignore})
func (m GPT) Rename(name string) string {
	return strings.TrimPrefix(name, wrapped.FindString(name))
}

// Ignore reports whether a renamed tensor of a file is not a parameter of m: a causal mask, which old files hold, or the head's
// second name if the head is tied.
func (m GPT) Ignore(path string) bool {
	return masks.MatchString(path) || path == "lm_head.weight" && !m.Untied
}
