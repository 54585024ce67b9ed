package tokenize_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

func ExampleTokenizer_Stream() {
	tok, err := trainer.BPE{VocabSize: 256}.Train(strings.Lines(""))
	if err != nil {
		log.Fatal(err)
	}
	ids, err := tok.Encode("가é")
	if err != nil {
		log.Fatal(err)
	}
	s := tok.Stream()
	for _, id := range ids {
		text, err := s.Write(id)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%q ", text)
	}
	// Output: "" "" "가" "" "é"
}
