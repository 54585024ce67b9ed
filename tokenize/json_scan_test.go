package tokenize_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// scanLists are lists in the usual spelling, which the scanner of package tokenize reads itself.
var scanLists = []string{
	`{}`, `{"a":0}`, ` { "a" : 0 , "b" : 2147483647 } `, "{\n\t\"\\u0120a\":1,\r\n\"\\\"\":2,\"\\\\\":3,\"한 국\":4,\"\\ud83d\\udc4d\":5,\"\":10}", `{"\ud800":1}`, "{\"\xff\":2}",
	`[]`, `["a b"]`, ` [ "a b" , "\u0120 c" ] `, `[["a","b"],["\"","\\"]]`, `["a b c"]`, `["a b",["c","d"]]`,
	`[["a",-1.5]]`, ` [ [ "a" , -1e-3 ] , [ "\u2581" , 0 ] ] `, `[["",1E+2]]`, `[["a",12345678901234567890.125]]`,
}

// oddLists are lists that package json reads, or that contain a fault.
var oddLists = []string{
	``, `null`, `{`, `{"a"}`, `{"a":}`, `{"a":-1}`, `{"a":-0}`, `{"a":00}`, `{"a":01}`, `{"a":2147483648}`, `{"a":99999999999999999999}`, `{"a":1.0}`, `{"a":1e1}`,
	`{"a":1,}`, `{"a":1 "b":2}`, `{"a":1,"a":1}`, `{"a":1}}`, `{"a":1}x`, "{\"a\":1}\x00", "{\"a\n\":1}", `{"\x":1}`, `{"a\`, `{"a`, `{a:1}`, `{"a":"1"}`, `{1:1}`,
	`["a"]`, `["a  b"]`, `[" a"]`, `["a "]`, `[["a"]]`, `[["a","b","c"]]`, `[["a",null]]`, `[null]`, `[1]`, `[["a" "b"]]`, `[["a","b"]`, `[,]`,
	`[["a",1e999]]`, `[["a",null]]`, `[[null,1]]`, `[["a",true]]`, `[["a"]]`, `[["a",1,2]]`, `[{"a":1}]`,
}

// checkScan compares the lists that the scanner reads with those of package json. It reports whether the scanner read data.
func checkScan(t *testing.T, data string) bool {
	t.Helper()
	ids, isVocab := tokenize.ScanVocab([]byte(data))
	if want, err := tokenize.DecodeVocab([]byte(data)); isVocab && (err != nil || !maps.Equal(ids, want)) {
		t.Errorf("%q: got the tokens %v, want %v, %v", data, ids, want, err)
	}
	if !json.Valid([]byte(data)) {
		return isVocab
	}
	known := map[string]int32{"a": 0, "b c": 1, "ab c": 2}
	merges, isMerges := tokenize.ScanMerges([]byte(data), known)
	if want, err := tokenize.DecodeMerges([]byte(data), known); isMerges && (err != nil || !slices.Equal(merges, want)) {
		t.Errorf("%q: got the merges %q, want %q, %v", data, merges, want, err)
	}
	pieces, isPieces := tokenize.ScanPieces([]byte(data))
	if want, err := tokenize.DecodePieces([]byte(data)); isPieces && (err != nil || !slices.Equal(pieces, want)) {
		t.Errorf("%q: got the pieces %v, want %v, %v", data, pieces, want, err)
	}
	return isVocab || isMerges || isPieces
}

func TestScanLists(t *testing.T) {
	for _, data := range scanLists {
		if !checkScan(t, data) {
			t.Errorf("%q: it was not read", data)
		}
		for i := range data {
			checkScan(t, data[:i])
			checkScan(t, data[:i]+data[i+1:])
		}
	}
	for _, data := range oddLists {
		if checkScan(t, data) {
			t.Errorf("%q: it was read", data)
		}
	}
}

// TestScanSpelling checks that a tokenizer.json whose strings are all escaped is read as one in the usual spelling.
func TestScanSpelling(t *testing.T) {
	tok := tokentest.BPE(t, "<pad>")
	plain := tokentest.Must[[]byte](t)(tok.MarshalJSON())
	var escaped strings.Builder
	for _, r := range string(plain) {
		if r < utf8.RuneSelf {
			escaped.WriteRune(r)
		} else {
			fmt.Fprintf(&escaped, `\u%04x`, r) // no character here needs two
		}
	}
	again := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse([]byte(escaped.String())))
	if got := tokentest.Must[[]byte](t)(again.MarshalJSON()); string(got) != string(plain) {
		t.Errorf("the file differs at byte %d", firstDifference(got, plain))
	}
}

func FuzzScanLists(f *testing.F) {
	for _, data := range slices.Concat(scanLists, oddLists) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data string) { checkScan(t, data) })
}
