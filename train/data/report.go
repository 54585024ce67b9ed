package data

import "math/bits"

// Report describes a corpus that a Preparation has made.
type Report struct {
	Documents  int    `json:"documents"`
	HeldOut    int    `json:"held_out"` // of the documents
	Tokens     int    `json:"tokens"`   // with an End for each document
	Bytes      int    `json:"bytes"`    // of the text of the documents
	Unknown    int    `json:"unknown"`  // tokens that are the unknown token
	Longest    int    `json:"longest"`  // tokens of the longest document
	LongestAt  string `json:"longest_at"`
	Empty      int    `json:"empty"`      // documents without text, which are left out
	Duplicates int    `json:"duplicates"` // documents whose text came before, which are left out
	Bad        int    `json:"bad"`        // bad records, which are left out

	// Lengths counts the documents by their number of tokens. Two bins hold the lengths of a power of two: bin 2k those from 2^k, bin 2k+1
	// those from 1.5·2^k.
	Lengths [96]int `json:"lengths"`
}

// BytesPerToken returns the mean number of bytes of a token that is not an End.
func (r Report) BytesPerToken() float64 {
	return float64(r.Bytes) / float64(max(r.Tokens-r.Documents, 1))
}

// LengthBin returns the least number of tokens of a bin of Lengths.
func LengthBin(i int) int { return (2 + i%2) << (i / 2) / 2 }

// lengthBin returns the bin of a document of n tokens, at least 1.
func lengthBin(n int) int {
	k := bits.Len(uint(n)) - 1
	bin := 2 * k
	if n >= LengthBin(bin+1) && k > 0 {
		bin++
	}
	return bin
}
