package trainer

// Progress is the state of a training. The last report of each phase, and no other, has Done equal to Total.
type Progress struct {
	Phase string // "count": bytes of text read; "merge": entries of the vocabulary; "estimate": rounds of Unigram
	Done  int64
	Total int64 // an estimate that may fall; 0 while it is unknown
}
