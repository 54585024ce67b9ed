package tokenize_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// bert returns a small tokenizer of BERT's kind.
func bert() *tokenize.Tokenizer {
	tok, err := tokenize.ParseWordPiece([]byte("[PAD]\n[UNK]\n[CLS]\n[SEP]\nwho\nspeak\n##s\n?\nhe\nit\n"), true)
	if err != nil {
		log.Fatal(err)
	}
	return tok
}

func ExampleLoad() {
	dir, err := os.MkdirTemp("", "tokenize")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "vocab.txt")
	if err := os.WriteFile(path, []byte("[UNK]\n[CLS]\n[SEP]\nhello\nworld\n##s\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	tok, err := tokenize.Load(dir) // or the path of a file
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tok.Encode("Hello worlds"))
	// Output: [1 3 4 5 2] <nil>
}

func ExampleNew() {
	model, err := tokenize.NewWordLevel(map[string]int32{"<unk>": 0, "the": 1, "cat": 2, "sat": 3}, "<unk>")
	if err != nil {
		log.Fatal(err)
	}
	tok, err := tokenize.New(tokenize.Stages{
		Normalizer: tokenize.Lowercase{},
		Splitter:   tokenize.WhitespaceSplit{},
		Model:      model,
		Added:      []tokenize.AddedToken{{ID: 4, Text: "<end>", Special: true}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tok.Encode("The dog sat<end>"))
	// Output: [1 0 3 4] <nil>
}

func ExampleTruncation() {
	tok := bert()
	tok.Truncation = &tokenize.Truncation{MaxLength: 4, Stride: 1}
	e, err := tok.EncodeDetailed("he speaks it")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Tokens)
	for _, window := range e.Overflow {
		fmt.Println(window.Tokens)
	}
	// Output:
	// [[CLS] he speak [SEP]]
	// [[CLS] speak ##s [SEP]]
	// [[CLS] ##s it [SEP]]
}

func ExampleTokenizer_EncodePair() {
	e, err := bert().EncodePair("Who speaks?", "He speaks it")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Tokens)
	fmt.Println(e.Types)
	// Output:
	// [[CLS] who speak ##s ? [SEP] he speak ##s it [SEP]]
	// [0 0 0 0 0 0 1 1 1 1 1]
}

func ExampleStages_Pieces() {
	stages := tokenize.Stages{
		Normalizer: tokenize.Lowercase{},
		Splitter:   tokenize.Splitters{tokenize.WhitespaceSplit{}, tokenize.Punctuation{}},
		Added:      []tokenize.AddedToken{{Text: "<end>", Special: true}},
	}
	count := map[string]int{}
	add := stages.Pieces().Each(func(piece string) error {
		count[piece]++
		return nil
	})
	for _, text := range []string{"To be,<end>", "or not to be!"} {
		if err := add(text); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(count)
	// Output: map[!:1 ,:1 be:2 not:1 or:1 to:2]
}
