package models

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// ggufKeys reads the metadata of a GGUF file. It keeps the first error.
type ggufKeys struct {
	arch string
	all  map[string]any
	file GGUFFile
	err  error
}

func (k *ggufKeys) failf(format string, args ...any) {
	if k.err == nil {
		k.err = errors.Errorf(format, args...)
	}
}

// value returns the value of a key, which gets the prefix of the architecture unless it has one of the others.
func (k *ggufKeys) value(key string) (full string, v any, ok bool) {
	if full = key; !strings.HasPrefix(key, "tokenizer.") && !strings.HasPrefix(key, "general.") {
		full = k.arch + "." + key
	}
	v, ok = k.all[full]
	return full, v, ok
}

func (k *ggufKeys) has(key string) bool {
	_, _, ok := k.value(key)
	return ok
}

// number returns the number of a key as float64. ok is false if the key is missing.
func (k *ggufKeys) number(key string) (full string, x float64, ok bool) {
	full, v, ok := k.value(key)
	if !ok {
		return full, 0, false
	}
	switch v := v.(type) {
	case uint8:
		x = float64(v)
	case int8:
		x = float64(v)
	case uint16:
		x = float64(v)
	case int16:
		x = float64(v)
	case uint32:
		x = float64(v)
	case int32:
		x = float64(v)
	case uint64:
		x = float64(v)
	case int64:
		x = float64(v)
	case float32: // the shortest decimal number: 1e-5, not 9.999999747378752e-06
		x, _ = strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
	case float64:
		x = v
	default:
		k.failf("%s is %.100v (%T), want a number", full, v, v)
	}
	return full, x, true
}

// int returns a whole number. A missing key is an error unless there is a value for it.
func (k *ggufKeys) int(key string, otherwise ...int) int {
	full, x, ok := k.number(key)
	switch {
	case !ok && len(otherwise) > 0:
		return otherwise[0]
	case !ok:
		k.failf("%s is missing", full)
	case x != math.Trunc(x) || x < 0 || x > math.MaxInt32:
		k.failf("%s is %v, want a whole number of 0 … %d", full, x, math.MaxInt32)
		return 0
	}
	return int(x)
}

// float returns a number. A missing key is an error unless there is a value for it.
func (k *ggufKeys) float(key string, otherwise ...float64) float64 {
	full, x, ok := k.number(key)
	switch {
	case !ok && len(otherwise) > 0:
		return otherwise[0]
	case !ok:
		k.failf("%s is missing", full)
	}
	return x
}

// only reports a key that exists and is not want.
func (k *ggufKeys) only(key string, want int) {
	if full, x, ok := k.number(key); ok && x != float64(want) {
		k.failf("%s is %v, want %d: other values are not supported", full, x, want)
	}
}

// text returns a string, "" if the key is missing.
func (k *ggufKeys) text(key string) string {
	full, v, ok := k.value(key)
	s, isText := v.(string)
	if ok && !isText {
		k.failf("%s is %.100v (%T), want a string", full, v, v)
	}
	return s
}

// tensor reports whether the file has a tensor.
func (k *ggufKeys) tensor(name string) bool {
	_, ok := k.file.Shape(name)
	return ok
}

// vocab returns the number of rows of the table of embeddings.
func (k *ggufKeys) vocab() int {
	shape, ok := k.file.Shape("token_embd.weight")
	if !ok || len(shape) != 2 {
		k.failf("token_embd.weight has shape %v, want a table of embeddings: the file has no weights, or they are of another kind", shape)
		return 0
	}
	return shape[0]
}

// ids returns the tokens of the keys that exist.
func (k *ggufKeys) ids(keys ...string) (list []int32) {
	for _, key := range keys {
		if key = "tokenizer.ggml." + key + "_token_id"; k.has(key) {
			if id := int32(k.int(key)); !slices.Contains(list, id) {
				list = append(list, id)
			}
		}
	}
	return list
}

// ends returns the tokens that end a text.
func (k *ggufKeys) ends() []int32 { return k.ids("eos", "eot", "eom") }

// u32 and f32 are the types of most numbers in GGUF files.
func u32(n int) uint32      { return uint32(n) }
func f32(x float64) float32 { return float32(x) }

// ignored appends a note if a setting has another value than the one that llama.cpp computes with.
func ignored[T comparable](notes *[]string, setting string, got, computed T) {
	if got != computed {
		*notes = append(*notes, fmt.Sprintf("%s is %v, llama.cpp computes with %v", setting, got, computed))
	}
}

// blockKeys returns the keys of a stack of blocks.
func blockKeys(vocab, context, layers, heads, dim, hidden int) map[string]any {
	return map[string]any{
		"vocab_size": u32(vocab), "context_length": u32(context), "block_count": u32(layers), "attention.head_count": u32(heads), "embedding_length": u32(dim),
		"feed_forward_length": u32(cmp.Or(hidden, 4*dim)),
	}
}

// first returns a list with the first id alone, or nil.
func first(ids []int32) []int32 {
	if len(ids) == 0 {
		return nil
	}
	return ids[:1]
}

// rows returns the number of rows of a shape.
func rows(shape []int) int {
	if len(shape) == 0 {
		return 0
	}
	return shape[0]
}
