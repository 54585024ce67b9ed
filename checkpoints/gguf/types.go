package gguf

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Type is the type of a tensor, numbered as in files.
type Type uint32

// The types that are read and written. The types with blocks are those of package kernel.
const (
	F32  Type = 0
	F16  Type = 1
	Q4_0 Type = 2
	Q4_1 Type = 3
	Q5_0 Type = 6
	Q5_1 Type = 7
	Q8_0 Type = 8
	Q4_K Type = 12
	Q5_K Type = 13
	Q6_K Type = 14
	BF16 Type = 30
)

// format describes a type.
type format struct {
	name           string
	weights, bytes int64        // of a block
	quant          kernel.Quant // 0 for F32
	fileType       uint32       // general.file_type of a file whose matrices have this type
}

var formats = map[Type]format{
	F32: {"F32", 1, 4, 0, 0}, F16: {"F16", 1, 2, kernel.F16, 1}, BF16: {"BF16", 1, 2, kernel.BF16, 32}, Q8_0: {"Q8_0", 32, 34, kernel.Q8_0, 7},
	Q4_0: {"Q4_0", 32, 18, kernel.Q4_0, 2}, Q4_1: {"Q4_1", 32, 20, kernel.Q4_1, 3}, Q5_0: {"Q5_0", 32, 22, kernel.Q5_0, 8}, Q5_1: {"Q5_1", 32, 24, kernel.Q5_1, 9},
	Q4_K: {"Q4_K", 256, 144, kernel.Q4_K, 14}, Q5_K: {"Q5_K", 256, 176, kernel.Q5_K, 16}, Q6_K: {"Q6_K", 256, 210, kernel.Q6_K, 18},
}

// others names types of libggml that are not read, for errors.
var others = map[Type]string{
	9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS",
	24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}

func (t Type) String() string {
	if f, ok := formats[t]; ok {
		return f.name
	}
	if name, ok := others[t]; ok {
		return name
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// Block returns the number of weights in a block and the number of its bytes. A row of a tensor is a whole number of blocks.
func (t Type) Block() (weights, bytes int) { return int(formats[t].weights), int(formats[t].bytes) }

// Quant returns the format of the blocks; ok is false for F32 and for unknown types.
func (t Type) Quant() (q kernel.Quant, ok bool) {
	q = formats[t].quant
	return q, q != 0
}

// FileType returns the value of general.file_type for a file whose matrices have type t.
func (t Type) FileType() uint32 { return formats[t].fileType }

// ParseType returns the type with a name, in upper or lower case.
func ParseType(name string) (t Type, ok bool) {
	for t, f := range formats {
		if strings.EqualFold(f.name, name) {
			return t, true
		}
	}
	return 0, false
}

// TypeNames lists the names of the types that are read and written, in lower case: for help and for errors.
func TypeNames() string {
	var names []string
	for _, t := range slices.Sorted(maps.Keys(formats)) {
		names = append(names, strings.ToLower(formats[t].name))
	}
	return strings.Join(names, ", ")
}

// TypeFor returns the type of a tensor in a file whose matrices have type t, by the rules of llama.cpp's quantization. Vectors, and tables
// of positions and segments, stay F32. The head is Q6_K in files of 4 and 5 bits; tied says that the table of embeddings is the head. Where
// rows are not a multiple of the block, the type is the nearest one that fits.
func TypeFor(t Type, name string, shape []int, tied bool) Type {
	if len(shape) < 2 || t == F32 || !strings.HasSuffix(name, ".weight") || keptWhole(name) {
		return F32
	}
	head := name == "output.weight" || tied && name == "token_embd.weight"
	if head && formats[t].bytes*8 < 7*formats[t].weights {
		t = Q6_K
	}
	row := int64(shape[len(shape)-1])
	for row%formats[t].weights != 0 {
		t = wider[t]
	}
	return t
}

// keptWhole reports whether a matrix is a table of positions or segments, which is never quantized.
func keptWhole(name string) bool {
	return slices.Contains([]string{"position_embd.weight", "token_types.weight"}, name) || strings.HasSuffix(name, ".attn_rel_b.weight")
}

// wider maps a type with blocks to a type with smaller blocks.
var wider = map[Type]Type{
	Q4_K: Q5_0, Q5_K: Q5_1, Q6_K: Q8_0, Q4_0: F16, Q4_1: F16, Q5_0: F16, Q5_1: F16, Q8_0: F16,
}
