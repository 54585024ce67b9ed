package tokenize

import (
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
	"github.com/pkg/errors"
)

// Stages are the parts of a Tokenizer. All but Model may be left out.
type Stages struct {
	Normalizer    Normalizer    // nil: the text as it is
	Splitter      Splitter      // nil: one piece
	Model         Model         // pieces → tokens
	PostProcessor PostProcessor // nil: nothing is added
	Decoder       Decoder       // nil: the bytes of a BPE, else tokens with a space between them
	Added         []AddedToken  // tokens found in the text before anything else
}

// Policy says what becomes of special tokens that stand in a text to encode.
type Policy int

// The policies. AsText is the one for text from strangers.
const (
	Allow  Policy = iota // they are the tokens they look like
	AsText               // they are text like any other
	Forbid               // they are an error
)

// Tokenizer turns text into ids and back. Many goroutines may use one at once; its fields are set before. They may differ
// between copies, which share everything else:
//
//	untrusted := *tok
//	untrusted.Special = tokenize.AsText
type Tokenizer struct {
	Special     Policy // special tokens in the text
	Bare        bool   // leave out the tokens that the PostProcessor adds
	SkipSpecial bool   // leave special tokens out of decoded text
	OmitUnknown bool   // leave out text that has no token where there is no unknown token, as Hugging Face's BPE does; otherwise it is an error
	RuneOffsets bool   // offsets count runes instead of bytes

	Truncation *Truncation // nil: Encode cuts nothing; AppendEncode never does
	Padding    *Padding    // nil: Encode pads nothing; AppendEncode never does

	Roles Roles // the tokens that begin, end and fill texts, by name; BOS, EOS, Pad and Unk return their ids

	*core
}

// core is what New works out from Stages. It does not change afterwards.
type core struct {
	stages     Stages
	added      map[string]AddedToken
	addedByID  map[int32]AddedToken
	decoded    map[int32]string // the normalized text of each Normalized added token, which the Decoder is given
	raw        *matcher         // added tokens looked for in the text as it is
	normalized *matcher         // added tokens looked for after the normalizer
	fast       textModel        // set with scan when the Splitter has a fast form
	scan       scan.Scanner
	rewrite    rewriter    // nil: the text as it is
	respell    respellFunc // what the Splitter does to a text before scan cuts it; nil: nothing
	buffers    table.Pool[[]byte]
	cuttable   bool     // no added token reaches over a place where scan cuts a text
	spelled    bool     // the model is given bytes in their spelling: ByteLevel with another model than byte-level BPE
	needsPlace bool     // some stage depends on where in the text a piece starts, so that ids need origins
	join       joiner   // nil: the Decoder has no fast form
	chain      *chain   // nil: the Decoder is none
	texts      []string // by id: what join is given
	size       int
	class      string       // tokenizer_class of the folder it was loaded from
	omitting   func() *core // for OmitUnknown
}

// New puts stages together. It is an error when they do not fit: no model, ByteLevel with another model than a BPE of
// bytes or such a BPE without it, an added token whose text or id the model gives to another token.
func New(s Stages) (*Tokenizer, error) {
	t, err := newTokenizer(s)
	return t, errors.WithMessage(err, "tokenize: new")
}

func newTokenizer(s Stages) (*Tokenizer, error) {
	if s.Model == nil {
		return nil, errors.New("no model")
	}
	if err := checkByteLevel(s); err != nil {
		return nil, err
	}
	if err := checkStages(s); err != nil {
		return nil, err
	}
	c := &core{stages: s, needsPlace: needsPlace(s.Splitter) || isFirstOnly(s.Normalizer), spelled: isSpelled(s)}
	if err := c.addTokens(s.Added); err != nil {
		return nil, err
	}
	if err := checkTemplates(s.PostProcessor, c.size); err != nil {
		return nil, errors.WithMessage(err, "post_processor")
	}
	if !c.spelled && !isFirstOnly(s.Normalizer) {
		c.scan, c.respell = scannerIn(s)
		if c.scan != nil {
			c.fast, _ = s.Model.(textModel)
		}
	}
	c.rewrite, c.buffers = rewriterOf(s.Normalizer), table.NewPool[[]byte]()
	c.cuttable = c.cuttable && c.rewrite == nil && c.respell == nil
	if err := c.setJoin(); err != nil {
		return nil, errors.WithMessage(err, "decoder")
	}
	c.omitting = newOmitting(c)
	return &Tokenizer{core: c, Roles: c.plainRoles()}, nil
}

// Stages returns the parts of t, to be read only.
func (c *core) Stages() Stages { return c.stages }

// VocabSize is one more than the highest id, added tokens included: the rows that an embedding needs.
func (c *core) VocabSize() int { return c.size }

// TokenToID returns the id of a token, spelled as in the vocabulary (see IDToToken).
func (c *core) TokenToID(token string) (id int32, ok bool) {
	if a, ok := c.added[token]; ok {
		return a.ID, true
	}
	return c.stages.Model.TokenToID(token)
}

// IDToToken returns the token of an id, spelled as in the vocabulary: in byte-level BPE, "Ġthe" is " the".
func (c *core) IDToToken(id int32) (token string, ok bool) {
	if a, ok := c.addedByID[id]; ok {
		return a.Text, true
	}
	return c.stages.Model.IDToToken(id)
}

// IsSpecial tells whether id is that of a special token.
func (c *core) IsSpecial(id int32) bool { return c.addedByID[id].Special }
