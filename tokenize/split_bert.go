package tokenize

import "github.com/gorgoformer/gorgoformer/tokenize/internal/scan"

// BertSplitter is the Splitter of BERT (Hugging Face's BertPreTokenizer). It cuts at white space, which it drops, and
// makes every punctuation mark a piece.
type BertSplitter struct{}

// Split implements Splitter.
func (BertSplitter) Split(dst []Text, t Text) []Text { return appendPieces(bertScanner{}, dst, t) }

func (BertSplitter) scanner() scan.Scanner { return bertScanner{} }

// MarshalJSON returns the Splitter in the form of tokenizer.json.
func (BertSplitter) MarshalJSON() ([]byte, error) { return named("BertPreTokenizer") }
