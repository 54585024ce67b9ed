package tokenize

import "github.com/gorgoformer/gorgoformer/tokenize/internal/scan"

// BertSplitter is BERT's Splitter, which Hugging Face calls BertPreTokenizer: it parts at white space, which it leaves out,
// and makes every punctuation mark a piece.
type BertSplitter struct{}

// Split implements Splitter.
func (BertSplitter) Split(dst []Text, t Text) []Text { return appendPieces(bertScanner{}, dst, t) }

func (BertSplitter) scanner() scan.Scanner { return bertScanner{} }

// MarshalJSON writes the Splitter as files hold it.
func (BertSplitter) MarshalJSON() ([]byte, error) { return named("BertPreTokenizer") }
