package trainer_test

import (
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

func ExampleBPE() {
	const text = "low low low low low lower lower newest newest newest newest newest newest widest widest widest\n"
	tok, err := trainer.BPE{VocabSize: 268, Special: []string{"<pad>", "<s>"}}.Train(strings.Lines(text))
	if err != nil {
		log.Fatal(err)
	}
	e, err := tok.EncodeDetailed("lowest <s>new")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", e.Tokens)
	back, err := tok.Decode(e.IDs)
	fmt.Println(back, err)
	// Output:
	// ["low" "est" "Ġ" "<s>" "new"]
	// lowest <s>new <nil>
}

func ExampleWord() {
	tok, err := trainer.Word{Special: []string{"<pad>"}}.Train(strings.Lines("To be, or not to be:\nthat is the question.\n"))
	if err != nil {
		log.Fatal(err)
	}
	ids, err := tok.Encode("To be (or not) whatever.")
	if err != nil {
		log.Fatal(err)
	}
	text, err := tok.Decode(ids)
	fmt.Println(ids, text, err)
	// Output: [7 3 1 10 9 1 1 5] To be <unk> or not <unk> <unk>. <nil>
}

func ExampleChar() {
	dir, err := os.MkdirTemp("", "tokenize")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	tok, err := trainer.Char{}.Train(strings.Lines("hello\n"))
	if err != nil {
		log.Fatal(err)
	}
	if err := tok.Save(dir); err != nil { // Hugging Face tokenizers reads the file too
		log.Fatal(err)
	}
	tok, err = tokenize.Load(dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tok.Encode("hole"))
	_, err = tok.Encode("help")
	fmt.Println(err)
	// Output:
	// [2 4 3 1] <nil>
	// tokenize: encode: byte 3: "p" is not in the vocabulary: train on text that has it, name an unknown token or set OmitUnknown
}
