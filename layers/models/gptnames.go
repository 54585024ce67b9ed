package models

import (
	"cmp"
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

// Rename returns the parameter's path for a tensor's name in a file. It removes the prefix of GPT2LMHeadModel ("transformer."), adds it
// to the names of MPT and BLOOM, and removes the parts that [Unwrap] removes. With [GPT.Ignore] it loads published weights:
//
//	checkpoints.LoadWeights(dir, params.All(), checkpoints.Rules{Rename: m.Rename, Ignore: m.Ignore})
func (m GPT) Rename(name string) string {
	name = Unwrap(name)
	if rest, ok := strings.CutPrefix(name, "transformer."); ok && rest != "" {
		name = rest
	}
	if strings.HasPrefix(name, "lm_head.") {
		return name
	}
	return gptFamilies[cmp.Or(m.Family, "gpt2")].prefix + name
}

// Ignore reports whether a renamed tensor of a file is not a parameter of m: a causal mask, which old files hold, or the head's
// second name if the head is tied.
func (m GPT) Ignore(path string) bool {
	return masks.MatchString(path) || path == headPath && !m.Untied
}

// Tied returns the paths of the head and of the table of embeddings that replaces it. The head is "" if it has its own weights.
func (m GPT) Tied() (head, table string) {
	if m.Untied {
		return "", ""
	}
	return headPath, gptFamilies[cmp.Or(m.Family, "gpt2")].table + ".weight"
}

// headPath is the path of the head of every model that predicts the next token.
const headPath = "lm_head.weight"

// Rename is [Unwrap].
func (m Seq2Seq) Rename(name string) string { return Unwrap(name) }

// Ignore returns false: a file has no other tensors.
func (m Seq2Seq) Ignore(string) bool { return false }

// Tied returns "": the head has its own weights.
func (m Seq2Seq) Tied() (head, table string) { return "", "" }

// Rename is [Unwrap].
func (m Classifier) Rename(name string) string { return Unwrap(name) }

// Ignore returns false: a file has no other tensors.
func (m Classifier) Ignore(string) bool { return false }

// Tied returns "": there is no tied head.
func (m Classifier) Tied() (head, table string) { return "", "" }
