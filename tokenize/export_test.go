package tokenize

import "github.com/gorgoformer/gorgoformer/tokenize/internal/scan"

// MergeWhole and MergeBlocks merge the bytes of a piece, with one heap and in blocks.
func (m *BPE) MergeWhole(piece string) []int32 {
	s := m.scratch()
	ids, err := m.begin(nil, piece)
	if err != nil {
		panic(err)
	}
	return m.mergeLong(s, ids)
}

func (m *BPE) MergeBlocks(piece string) (ids []int32, ok bool) {
	s := m.scratch()
	ok = m.mergeBlocks(s, piece)
	return s.ids, ok
}

// The numbers of scores, for their test.
var (
	ReadScore  = readScore
	WriteScore = writeScore
)

// CountPieces returns the number of pieces that the scanner of a pattern finds.
func CountPieces(pattern, text string) (n int) {
	sc := scan.Begun(scan.NewPattern(pattern, true))
	for at := 0; at < len(text); n++ {
		start, end := sc.Next(text, at)
		if start == end {
			break
		}
		at = end
	}
	return n
}

// HasScanner reports whether a pattern has a patternScanner.
func HasScanner(pattern string) bool { return scan.NewPattern(pattern, true) != nil }

// The two readers of the lists of a tokenizer.json.
var (
	ScanVocab    = scanVocab
	ScanMerges   = scanMerges
	ScanPieces   = scanPieces
	DecodeVocab  = decodeVocab
	DecodeMerges = decodeMerges
	DecodePieces = decodePieces
)
