package models

import (
	"regexp"
	"slices"
	"strings"
)

var masks = regexp.MustCompile(`^h\.\d+\.attn\.(masked_)?bias$`)

// wrappers are the parts of a tensor's name that torch.compile, FullyShardedDataParallel and checkpoint_wrapper add, at any depth.
var wrappers = []string{"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}

// Unwrap returns the name of a tensor without the parts that wrappers of PyTorch add: the prefix of DistributedDataParallel ("module."),
// and the parts that torch.compile ("_orig_mod.") and FullyShardedDataParallel add anywhere in a name. As a rule it loads the weights of
// any model that a wrapper has saved:
//
//	checkpoints.LoadWeights(dir, params.All(), checkpoints.Rules{Rename: models.Unwrap})
func Unwrap(name string) string {
	parts := slices.DeleteFunc(strings.Split(name, "."), func(part string) bool { return slices.Contains(wrappers, part) })
	for len(parts) > 1 && parts[0] == "module" {
		parts = parts[1:]
	}
	return strings.Join(parts, ".")
}

// Rename returns the parameter's path for a tensor's name in a file. It removes the prefix of GPT2LMHeadModel ("transformer.") and the
// parts that [Unwrap] removes. With [GPT.Ignore] it loads published weights:
//
//	checkpoints.LoadWeights(dir, params.All(), checkpoints.Rules{Rename: m.Rename, Ignore: m.Ignore})
func (m GPT) Rename(name string) string {
	name = Unwrap(name)
	if rest, ok := strings.CutPrefix(name, "transformer."); ok && rest != "" {
		return rest
	}
	return name
}

// Ignore reports whether a renamed tensor of a file is not a parameter of m: a causal mask, which old files hold, or the head's
// second name if the head is tied.
func (m GPT) Ignore(path string) bool {
	return masks.MatchString(path) || path == "lm_head.weight" && !m.Untied
}
