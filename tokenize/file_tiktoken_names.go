package tokenize

import (
	"strconv"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
)

// TiktokenNamed returns the pattern and the special tokens of the .tiktoken files of OpenAI and Meta: gpt2 (also
// r50k_base), p50k_base, cl100k_base, o200k_base (tiktoken's openai_public.py) and llama3 (meta-llama/llama3,
// tokenizer.py).
func TiktokenNamed(name string) (c Tiktoken, ok bool) {
	switch name {
	case "gpt2", "r50k_base", "p50k_base":
		return Tiktoken{scan.PatternGPT2, map[string]int32{"<|endoftext|>": 50256}}, true
	case "cl100k_base":
		return Tiktoken{scan.PatternCL100K, map[string]int32{
			"<|endoftext|>": 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259, "<|fim_suffix|>": 100260,
			"<|endofprompt|>": 100276,
		}}, true
	case "o200k_base":
		return Tiktoken{scan.PatternO200K, map[string]int32{"<|endoftext|>": 199999, "<|endofprompt|>": 200018}}, true
	case "llama3":
		return Tiktoken{scan.PatternCL100K, llama3Special()}, true
	}
	return c, false
}

// llama3Special returns the 256 special tokens of Llama 3. Five of them have a meaning; the others are reserved.
func llama3Special() map[string]int32 {
	const first = 128000
	named := map[int]string{0: "<|begin_of_text|>", 1: "<|end_of_text|>", 6: "<|start_header_id|>", 7: "<|end_header_id|>", 9: "<|eot_id|>"}
	special := make(map[string]int32, 256)
	spare := 0
	for i := range 256 {
		text, ok := named[i]
		if !ok {
			text = "<|reserved_special_token_" + strconv.Itoa(spare) + "|>"
			spare++
		}
		special[text] = int32(first + i)
	}
	return special
}
