package page

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
)

// Inside answers the questions of the page about a model. Its methods may be called from several goroutines at once. Their errors are
// shown to the reader.
type Inside interface {
	About() About
	Tokens(text string) (*Tokens, error)
	Read(Question) (*Reading, error)
	Head(HeadQuestion) (*Head, error)
	Next(NextQuestion) (*Next, error)
	Words(WordsQuestion) (*Words, error)
	Map(step int) (*Map, error)
	Graph() (*Graph, error)
	Batch(step int) (*Batch, error)
}

// Numbers is a long list of numbers. Its JSON form is a string: the base64 encoding of little-endian float32 numbers, −Inf and NaN
// included.
type Numbers []float32

// MarshalJSON implements json.Marshaler.
func (n Numbers) MarshalJSON() ([]byte, error) {
	raw := make([]byte, 0, 4*len(n))
	for _, v := range n {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(raw))
}

// About describes the model and its run.
type About struct {
	Title      string   `json:"title"`      // "GPT of 932,608 parameters"
	Kind       string   `json:"kind"`       // "causal", "encoder", "pairs" (encoder-decoder), "pictures", "items" (recommender) or "none"
	Predicts   string   `json:"predicts"`   // "token" (the next), "mask" (a hidden token), "class", "item" (the next) or "" (nothing)
	Family     string   `json:"family"`     // model_type of config.json
	Parameters int      `json:"parameters"` // number of weights
	Vocabulary int      `json:"vocabulary"`
	Context    int      `json:"context"` // most tokens of a text
	Dim        int      `json:"dim"`
	Layers     int      `json:"layers"`
	Heads      int      `json:"heads"`
	Mask       string   `json:"mask"`      // the text that hides a token, such as [MASK]; "" if there is none
	Tokenizer  string   `json:"tokenizer"` // "BPE", "WordPiece", …
	Steps      []int    `json:"steps"`     // of the checkpoints, oldest first; empty without a run
	Last       int      `json:"last"`      // step of the run's end; 0 without a run
	Live       bool     `json:"live"`      // the run goes on
	Trains     bool     `json:"trains"`    // the process of the page trains the model: there is a graph of a step
	Samples    []string `json:"samples"`   // sentences to begin with, some Korean, some English
	Pictures   []string `json:"pictures"`  // names of the pictures to choose from, for a vision model
}

// Span is a piece of text that a person sees as one: a character, or several that one token joins. A Korean syllable or an emoji that is
// cut into several tokens is one span with several ids.
type Span struct {
	Text   string   `json:"text"`
	IDs    []int32  `json:"ids"`
	Tokens []string `json:"tokens"` // of the vocabulary, one for each id; none for text that the tokenizer drops

	Unknown bool `json:"unknown"` // a token stands for unknown text
}

// Cut is a text as one tokenizer cuts it.
type Cut struct {
	Name       string `json:"name"`       // "model", "characters", "words", "subwords 1,000", "subwords 8,000"
	Vocabulary int    `json:"vocabulary"` // number of tokens of the tokenizer
	Spans      []Span `json:"spans"`
	Count      int    `json:"count"`   // number of tokens of the text
	Unknown    int    `json:"unknown"` // of them, tokens that stand for unknown text
	Words      int    `json:"words"`   // number of words of the text, so that tokens a word can be told
}

// Tokens is a text as the model's tokenizer cuts it, first, and as others do.
type Tokens struct {
	Cuts []Cut `json:"cuts"`
}

// Question is a text or a picture for a model.
type Question struct {
	Text    string `json:"text"`
	Source  string `json:"source"`  // of an encoder-decoder, whose Text is the target so far
	Picture int    `json:"picture"` // index in About.Pictures, of a vision model
	Step    int    `json:"step"`    // of a checkpoint; -1 means the newest weights
}

// Token is a token of a text that the model has read.
type Token struct {
	ID      int32    `json:"id"`
	Text    string   `json:"text"`
	LogProb *float64 `json:"logprob"` // natural logarithm of the probability that the model gave it; null for the first
	Span    int      `json:"span"`    // index of the span that it belongs to; tokens of one span are shown as one
}

// Matrix is a table of numbers.
type Matrix struct {
	Rows   int     `json:"rows"`
	Cols   int     `json:"cols"`
	Values Numbers `json:"values"`
}

// Layer is the result of a part of the model: one row for each token.
type Layer struct {
	Path string `json:"path"`
	Matrix
}

// Attention is an attention layer with all its heads.
type Attention struct {
	Path  string `json:"path"`
	Cross bool   `json:"cross"` // keys are tokens of the source
	Part  string `json:"part"`  // "encoder" or "decoder" of an encoder-decoder, "" else
	Heads int    `json:"heads"`
	T     int    `json:"t"`    // queries
	S     int    `json:"s"`    // keys
	Grid  []byte `json:"grid"` // probabilities · 255, rounded, (heads, t, s), in base64
}

// Guess is a token that the model expects.
type Guess struct {
	ID          int32   `json:"id"`
	Text        string  `json:"text"`
	Probability float64 `json:"probability"`
}

// Early is the model's guess of the last token's successor if it ended after a layer (the logit lens).
type Early struct {
	Path    string  `json:"path"`
	Guesses []Guess `json:"guesses"` // five, best first
}

// Reading is everything inside the model for one text.
type Reading struct {
	Step       int         `json:"step"` // whose weights were read
	Tokens     []Token     `json:"tokens"`
	Source     []Token     `json:"source"`     // of an encoder-decoder
	Vectors    []Layer     `json:"vectors"`    // token embeddings
	Positions  []Layer     `json:"positions"`  // vectors that are added to them; empty if the model has another way
	Relative   *Relative   `json:"relative"`   // null if positions are vectors
	Attentions []Attention `json:"attentions"` // without the exact numbers: see Head
	Early      []Early     `json:"early"`      // empty if the model has no such end
	Picture    *Picture    `json:"picture"`    // of a vision model
}

// Relative describes positions that are no vectors.
type Relative struct {
	Kind   string `json:"kind"`   // rope, alibi, t5 or shaw
	Angles Matrix `json:"angles"` // of rope: the angle of each pair of channels at each position, in radians
	Bias   Matrix `json:"bias"`   // of alibi and t5: added to the score, one row for each head, by distance 0, 1, …
}

// Picture is the input of a vision model. Attentions are over a token for the class and then the patches, row by row.
type Picture struct {
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	Patch    int     `json:"patch"`
	Channels int     `json:"channels"` // 1 (gray) or 3 (red, green, blue)
	Pixels   Numbers `json:"pixels"`   // channel by channel, row by row, 0…1
	Label    string  `json:"label"`    // the right class, "" if unknown
}

// HeadQuestion asks for one head.
type HeadQuestion struct {
	Question
	Path string `json:"path"`
	Head int    `json:"head"`
}

// Head is one head of an attention, with its exact numbers.
type Head struct {
	Query         Matrix `json:"query"` // (t, d), as it enters the scores
	Key           Matrix `json:"key"`   // (s, d)
	Value         Matrix `json:"value"` // (s, d)
	Scores        Matrix `json:"scores"`
	Probabilities Matrix `json:"probabilities"`
}

// NextQuestion asks for the model's result: see About.Predicts.
type NextQuestion struct {
	Question
	Place       int     `json:"place"` // index of the token before the next one, or of the token to hide; -1 means the last, or the first mask
	Temperature float64 `json:"temperature"`
	TopK        int     `json:"topK"` // 0 means all, as in generate.Options, like TopP and MinP
	TopP        float64 `json:"topP"`
	MinP        float64 `json:"minP"`
}

// Choice is a possible result: a token, a class or an item.
type Choice struct {
	Guess                    // with the probability after the sampling's filters; 0 if they drop the token
	Logit            float64 `json:"logit"`
	ModelProbability float64 `json:"modelProbability"` // before temperature and filters
}

// Next is the distribution of the model's result.
type Next struct {
	Place   int      `json:"place"`   // as in NextQuestion, without -1
	Choices []Choice `json:"choices"` // the 40 most likely, in the model's order
	Kept    int      `json:"kept"`    // number of results that the filters keep
}

// WordsQuestion asks for rows of the vocabulary.
type WordsQuestion struct {
	Search  string `json:"search"`  // part of the token's text; "" means all
	ID      int32  `json:"id"`      // of the token to compare with; -1 means none
	Other   int32  `json:"other"`   // of a second token to compare with ID; -1 means none
	First   int    `json:"first"`   // number of results to skip
	Step    int    `json:"step"`    // as in Question
	Nearest int    `json:"nearest"` // number of neighbours of ID, at most 100
}

// Word is a row of the vocabulary.
type Word struct {
	ID     int32    `json:"id"`
	Text   string   `json:"text"`
	Cosine *float64 `json:"cosine"` // to the token ID; null without one
}

// Words holds rows of the vocabulary.
type Words struct {
	Total   int     `json:"total"` // number of rows that match Search
	Words   []Word  `json:"words"` // 100 at most, from First on
	Nearest []Word  `json:"nearest"`
	Vector  Numbers `json:"vector"` // embedding of ID; empty without one
	Other   Numbers `json:"other"`  // embedding of Other
	Cosine  float64 `json:"cosine"` // of ID and Other
}

// Map is the vocabulary on the plane of its largest variance.
type Map struct {
	X     Numbers  `json:"x"` // by id
	Y     Numbers  `json:"y"`
	Texts []string `json:"texts"`
}
