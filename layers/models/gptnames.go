package models

import (
	"regexp"
	"slices"
	"strings"
)

var masks = regexp.MustCompile(`^h\.\d+\.attn\.(masked_)?bias$`)

// wrappers are the parts of a tensor's name that torch.compile, FullyShardedDataParallel and checkpoint_wrapper add, at any depth.
var wrappers = []string{"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}

// Rename returns the parameter's path for a tensor's name in a file. It removes the prefixes of GPT2LMHeadModel ("transformer.") and
// DistributedDataParallel ("module."), and the parts that torch.compile ("_orig_mod.") and FullyShardedDataParallel add anywhere in a
// name. With [GPT.Ignore] it loads published weights:
//
//	checkpoints.LoadWeights(dir, params.All(), checkpoints.Rules{Rename: m.Rename, Ignore: m.Ignore})
func (m GPT) Rename(name string) string {
	parts := slices.DeleteFunc(strings.Split(name, "."), func(part string) bool { return slices.Contains(wrappers, part) })
	for len(parts) > 1 && parts[0] == "module" {
		parts = parts[1:]
	}
	if len(parts) > 1 && parts[0] == "transformer" {
		parts = parts[1:]
	}
	return strings.Join(parts, ".")
}

// Ignore reports whether a renamed tensor of a file is not a parameter of m: a causal mask, which old files hold, or the head's
// second name if the head is tied.
func (m GPT) Ignore(path string) bool {
	return masks.MatchString(path) || path == "lm_head.weight" && !m.Untied
}
