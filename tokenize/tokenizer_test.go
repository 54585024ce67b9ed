package tokenize_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

func TestSpecialTokenPolicy(t *testing.T) {
	tok := *tokentest.BPE(t, "<s>", "</s>")
	const text = "it</s> was"
	end, _ := tok.TokenToID("</s>")
	if end != 1 || !tok.IsSpecial(end) || tok.IsSpecial(2) {
		t.Errorf("</s>: got id %d, special %v, want 1, true", end, tok.IsSpecial(end))
	}
	if got := tokentest.Must[[]int32](t)(tok.Encode(text)); !slices.Contains(got, end) {
		t.Errorf("Allow: got %v, want %d in it", got, end)
	}
	tok.SkipSpecial = true
	if got := tokentest.Must[string](t)(tok.Decode(tokentest.Must[[]int32](t)(tok.Encode(text)))); got != "it was" {
		t.Errorf("SkipSpecial: got %q, want %q", got, "it was")
	}
	tok.Special = tokenize.AsText
	if got := tokentest.Must[[]int32](t)(tok.Encode(text)); slices.Contains(got, end) {
		t.Errorf("AsText: got %v, want no %d in it", got, end)
	}
	tok.Special = tokenize.Forbid
	_, err := tok.Encode(text)
	tokentest.WantError(t, err, `"</s>"`, "byte 2", "forbidden")
	if _, err := tok.Encode("it was"); err != nil {
		t.Errorf("Forbid without one in the text: %v", err)
	}
}

// withAdded gives a tokenizer more added tokens, with the next ids.
func withAdded(t *testing.T, tok *tokenize.Tokenizer, added ...tokenize.AddedToken) *tokenize.Tokenizer {
	t.Helper()
	s := tok.Stages()
	s.Added = slices.Clone(s.Added)
	for i, a := range added {
		a.ID = int32(tok.VocabSize() + i)
		s.Added = append(s.Added, a)
	}
	return tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(s))
}

func TestAddedTokens(t *testing.T) {
	tok := withAdded(t, tokentest.BPE(t),
		tokenize.AddedToken{Text: "<mask>", LeftStrip: true},
		tokenize.AddedToken{Text: "<r>", RightStrip: true},
		tokenize.AddedToken{Text: "word", SingleWord: true},
		tokenize.AddedToken{Text: "<m"},
		tokenize.AddedToken{Text: "<n>", Normalized: true})
	for _, c := range []struct {
		text string
		want []string // the text under every added token, in order
	}{
		{"a <mask> b", []string{" <mask>"}},
		{"<r>  <r>b", []string{"<r>  ", "<r>"}},
		{"word words sword word한 한word word", []string{"word", "word"}},
		{"<ma<mask>", []string{"<m", "<mask>"}},
		{"<n><mask><n", []string{"<n>", "<mask>"}},
		{"<r> \u3000<mask>", []string{"<r> \u3000", "<mask>"}},
	} {
		e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(c.text))
		var got []string
		for i, id := range e.IDs {
			if int(id) >= tok.VocabSize()-5 {
				got = append(got, c.text[e.Offsets[i].Start:e.Offsets[i].End])
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
		if ids := tokentest.Must[[]int32](t)(tok.Encode(c.text)); !slices.Equal(ids, e.IDs) {
			t.Errorf("%q: got %v, want %v", c.text, ids, e.IDs)
		}
	}
}

func TestTemplate(t *testing.T) {
	s := tokentest.Chars(t).Stages()
	begin := tokenize.TemplatePart{Name: "<s>", IDs: []int32{1}, Tokens: []string{"<s>"}}
	end := tokenize.TemplatePart{Name: "</s>", IDs: []int32{2}, Tokens: []string{"</s>"}}
	s.PostProcessor = tokenize.Template{
		Single: []tokenize.TemplatePart{begin, {Text: "A"}, end},
		Pair:   []tokenize.TemplatePart{begin, {Text: "A"}, end, {Text: "B", Type: 1}, end},
	}
	tok := *tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(s))
	a, _ := tok.TokenToID("a")
	if got, want := tokentest.Must[[]int32](t)(tok.Encode("a")), []int32{1, a, 2}; !slices.Equal(got, want) {
		t.Errorf("one text: got %v, want %v", got, want)
	}
	e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodePair("a", "aa"))
	if want := []int32{1, a, 2, a, a, 2}; !slices.Equal(e.IDs, want) {
		t.Errorf("a pair: got %v, want %v", e.IDs, want)
	}
	if want := []int32{0, 0, 0, 1, 1, 0}; !slices.Equal(e.Types, want) {
		t.Errorf("types: got %v, want %v", e.Types, want)
	}
	if want := []int32{-1, 0, -1, 1, 1, -1}; !slices.Equal(e.Texts, want) {
		t.Errorf("texts: got %v, want %v", e.Texts, want)
	}
	tok.Bare = true
	if got, want := tokentest.Must[[]int32](t)(tok.Encode("a")), []int32{a}; !slices.Equal(got, want) {
		t.Errorf("bare: got %v, want %v", got, want)
	}
	s.PostProcessor = tokenize.Template{Single: []tokenize.TemplatePart{{Text: "A"}, {Text: "A"}}}
	_, err := tokenize.New(s)
	tokentest.WantError(t, err, "template", "single", "2 times")
}

func TestLongPieces(t *testing.T) {
	tok := tokentest.BPE(t)
	config := tok.Stages().Model.(*tokenize.BPE).Config()
	table := map[string]int32{} // a tokenizer trained here merges in order of id, as byRank does
	for _, id := range config.Vocab {
		table[tokentest.Must[string](t)(tok.Decode([]int32{id}))] = id
	}
	for _, n := range []int{1, 2, 31, 32, 33, 64, 65, 700} {
		text := strings.Repeat("itwasthebestoftimes", n)[:n]
		if got, want := tokentest.Must[[]int32](t)(tok.Encode(text)), byRank(table, text); !slices.Equal(got, want) {
			t.Errorf("%d letters: got %v, want %v", n, got, want)
		}
	}
	// Quadratic time would take this test from a fraction of a second to minutes.
	long := strings.Repeat("a", 1_000_000)
	if got := tokentest.Must[string](t)(tok.Decode(tokentest.Must[[]int32](t)(tok.AppendEncode(nil, long)))); got != long {
		t.Errorf("a million letters: got %d back", len(got))
	}
}

func TestParallelIsSequential(t *testing.T) {
	text := strings.Repeat(tokentest.Corpus, 1+(1<<20)/len(tokentest.Corpus))
	for _, tok := range []*tokenize.Tokenizer{tokentest.BPE(t, "<pad>"), tokentest.Chars(t), tokentest.Words(t)} {
		want := tokentest.Must[[]int32](t)(tok.AppendEncode(nil, text))
		if got := tokentest.Must[[]int32](t)(tok.Encode(text)); !slices.Equal(got, want) {
			t.Errorf("one long text: %d ids differ from %d", len(got), len(want))
		}
		all := tokentest.Must[[][]int32](t)(tok.EncodeAll([]string{tokentest.Corpus, "", text}))
		if !slices.Equal(all[2], want) || len(all[1]) != 0 || len(all[0]) == 0 {
			t.Errorf("several texts: got %d, %d, %d ids", len(all[0]), len(all[1]), len(all[2]))
		}
	}
	_, err := tokentest.Chars(t).EncodeAll([]string{"it", "was \u2603", "\u2603"})
	tokentest.WantError(t, err, "text 1", "byte 4", "☃")
}

func TestAppendEncodeAllocatesNothing(t *testing.T) {
	tok := tokentest.BPE(t, "<pad>")
	dst := make([]int32, 0, 4*len(tokentest.Corpus))
	got := testing.AllocsPerRun(100, func() {
		if _, err := tok.AppendEncode(dst, tokentest.Corpus); err != nil {
			t.Fatal(err)
		}
	})
	if got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
	dst = []int32{7}
	if out := tokentest.Must[[]int32](t)(tok.AppendEncode(dst, "it")); out[0] != 7 || len(out) < 2 {
		t.Errorf("appended to [7]: got %v", out)
	}
}

func TestDecodeErrors(t *testing.T) {
	tok := tokentest.BPE(t)
	_, err := tok.Decode([]int32{0, 400})
	tokentest.WantError(t, err, "position 1", "400")
	_, err = tok.Decode([]int32{-1})
	tokentest.WantError(t, err, "position 0", "-1")
	_, err = tok.Stream().Write(400)
	tokentest.WantError(t, err, "400")
}

func TestStreamShowsWholeCharacters(t *testing.T) {
	bytes := tokentest.Must[*tokenize.Tokenizer](t)(trainer.BPE{VocabSize: 256}.Train(strings.Lines("")))
	const text = "a한👍🏽é"
	s := bytes.Stream()
	var shown strings.Builder
	for _, id := range tokentest.Must[[]int32](t)(bytes.Encode(text)) {
		part := tokentest.Must[string](t)(s.Write(id))
		if !utf8.ValidString(part) {
			t.Errorf("got %q, half a character", part)
		}
		shown.WriteString(part)
	}
	if shown.String() != text {
		t.Errorf("got %q, want %q", shown.String(), text)
	}
	if rest := tokentest.Must[string](t)(s.Flush()); rest != "" {
		t.Errorf("rest: got %q, want none", rest)
	}
}

// upper is a Decoder of somebody else, without the fast form.
type upper struct{}

func (upper) Decode(tokens []string) []string {
	return []string{strings.ToUpper(strings.Join(tokens, "-"))}
}

func TestOwnDecoder(t *testing.T) {
	s := tokentest.Words(t).Stages()
	s.Decoder = upper{}
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(s))
	ids := tokentest.Must[[]int32](t)(tok.Encode("it was the age"))
	const want = "IT-WAS-THE-AGE"
	if got := tokentest.Must[string](t)(tok.Decode(ids)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var streamed strings.Builder
	stream := tok.Stream()
	for _, id := range ids {
		streamed.WriteString(tokentest.Must[string](t)(stream.Write(id)))
	}
	streamed.WriteString(tokentest.Must[string](t)(stream.Flush())) // it needs the whole text
	if streamed.String() != want {
		t.Errorf("streamed: got %q, want %q", streamed.String(), want)
	}
	_, err := tok.MarshalJSON()
	tokentest.WantError(t, err, "decoder", "upper", "json.Marshaler")
}

// TestRuneClasses counts the letters and numbers that GPT-2's pattern sees. The counts are those of Unicode 16.0
// (DerivedGeneralCategory-16.0.0.txt: L 141,028, N 1,911; PropList-16.0.0.txt: White_Space 25).
func TestRuneClasses(t *testing.T) {
	var letters, numbers, spaces int
	var pieces []tokenize.Text
	alone := func(text string) bool {
		pieces = tokenize.ByteLevel{}.Split(pieces[:0], tokenize.NewText(text))
		return len(pieces) == 1
	}
	for r := rune(0); r <= utf8.MaxRune; r++ {
		c := string(r)
		switch {
		case !utf8.ValidRune(r):
		case alone("a" + c + "a"):
			letters++
		case alone("1" + c + "1"):
			numbers++
		case !alone("!" + c + "!"):
			spaces++
		}
	}
	if letters != 141028 || numbers != 1911 || spaces != 25 {
		t.Errorf("got %d letters, %d numbers, %d spaces, want 141028, 1911, 25", letters, numbers, spaces)
	}
}

func TestNewWordLevel(t *testing.T) {
	m := tokentest.Must[*tokenize.WordLevel](t)(tokenize.NewWordLevel(map[string]int32{"?": 0, "a": 1}, "?"))
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Splitter: tokenize.Words{}, Model: m}))
	if got, want := tokentest.Must[[]int32](t)(tok.Encode("a b")), []int32{1, 0}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	_, err := tokenize.NewWordLevel(map[string]int32{"a": -1}, "")
	tokentest.WantError(t, err, "word level", `"a"`, "-1")
}
