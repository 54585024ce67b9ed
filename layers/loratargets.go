package layers

import (
	"path"
	"regexp"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
)

// Matches reports whether Targets select the linear layer at a path, such as h.3.attn.c_attn. attention says that the layer is a
// projection of an attention. Each target is one of
//
//	all               every Linear and every projection of an attention; never an embedding or a tied head
//	attn              every projection of an attention
//	c_attn, mlp.c_fc  a path, or the end of one, as in PEFT's target_modules
//	h.*.attn.*        a pattern, as in graph.Params.Freeze
//	^h\.[01]\..*$     a regular expression, which begins with ^
//
// A layer in a module of Saved is never selected.
func (l LoRA) Matches(path string, attention bool) bool {
	if l.saves(path) {
		return false
	}
	for _, t := range l.Targets {
		if targets(t, path, attention) {
			return true
		}
	}
	return false
}

func targets(target, path string, attention bool) bool {
	switch {
	case target == "all":
		return true
	case target == "attn":
		return attention
	case strings.HasPrefix(target, "^"):
		ok, err := regexp.MatchString(target, path)
		return ok && err == nil
	case strings.ContainsAny(target, "*?["):
		return graph.MatchPath(target, path)
	}
	return isEnd(target, path)
}

// isEnd reports whether a name is a path or the end of one. The name may also have more parts than the path: Hugging Face's
// transformer.h.0.attn.c_attn is h.0.attn.c_attn here.
func isEnd(name, path string) bool {
	return name == path || strings.HasSuffix(path, "."+name) || strings.HasSuffix(name, "."+path)
}

func (l LoRA) checkTargets() error {
	if len(l.Targets) == 0 {
		return errors.New("layers: LoRA: Targets is empty, want all, attn or names of linear layers")
	}
	for _, t := range l.Targets {
		var err error
		if strings.HasPrefix(t, "^") {
			_, err = regexp.Compile(t)
		} else if _, err = path.Match(t, ""); t == "" {
			err = errors.New("it is empty")
		}
		if err != nil {
			return errors.Errorf("layers: LoRA: target %q: %v: want all, attn, a name, a pattern or a regular expression", t, err)
		}
	}
	for _, key := range l.keys() {
		if _, err := regexp.Compile(key); err != nil {
			return errors.Errorf("layers: LoRA: pattern %q of a rank or an alpha: %v", key, err)
		}
	}
	return nil
}

// keys returns the patterns of Ranks and Alphas.
func (l LoRA) keys() (keys []string) {
	for key := range l.Ranks {
		keys = append(keys, key)
	}
	for key := range l.Alphas {
		keys = append(keys, key)
	}
	return keys
}

// of returns l with the Rank and the Alpha of the layer at a path.
func (l LoRA) of(path string) LoRA {
	if rank, ok := forPath(l.Ranks, path); ok {
		l.Rank = rank
	}
	if alpha, ok := forPath(l.Alphas, path); ok {
		l.Alpha = alpha
	}
	return l
}

// forPath returns the value of the longest key that matches the end of a path. Of several, it is the first in order.
func forPath[V any](values map[string]V, path string) (value V, ok bool) {
	longest := ""
	for key, v := range values {
		whole, err := regexp.Compile(`^(.*\.)?(` + key + `)$`)
		if err != nil || !whole.MatchString(path) && !strings.HasSuffix(key, "."+path) {
			continue
		}
		if !ok || len(key) > len(longest) || len(key) == len(longest) && key < longest {
			value, longest, ok = v, key, true
		}
	}
	return value, ok
}
