package folder

import (
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Cache is a value of the flag -cache: the type of the keys and values in memory. The zero value is float32.
type Cache struct{ format kernel.Quant }

// CacheHelp is the help of -cache.
const CacheHelp = "`type` of the keys and values in memory: f32, bf16 (half of the memory) or q8_0 (about a quarter)"

// caches lists the values of -cache in order.
var caches = []gguf.Type{gguf.F32, gguf.BF16, gguf.Q8_0}

// Format returns the format; 0 means float32.
func (c Cache) Format() kernel.Quant { return c.format }

// MarshalText returns the name of the type.
func (c Cache) MarshalText() ([]byte, error) {
	for _, t := range caches {
		if q, _ := t.Quant(); q == c.format {
			return []byte(strings.ToLower(t.String())), nil
		}
	}
	return nil, errors.Errorf("caches in %v have no name", c.format)
}

// UnmarshalText reads the name of a type.
func (c *Cache) UnmarshalText(text []byte) error {
	t, ok := gguf.ParseType(string(text))
	if !ok || !slices.Contains(caches, t) {
		return errors.Errorf("unknown type %q, want f32, bf16 or q8_0", text)
	}
	c.format, _ = t.Quant()
	return nil
}
