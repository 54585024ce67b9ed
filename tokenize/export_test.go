package tokenize

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

// The two readers of the lists of a tokenizer.json.
var (
	ScanVocab    = scanVocab
	ScanMerges   = scanMerges
	ScanPieces   = scanPieces
	DecodeVocab  = decodeVocab
	DecodeMerges = decodeMerges
	DecodePieces = decodePieces
)
