package tokenize

import (
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
	"github.com/pkg/errors"
)

// Stages are the parts of a Tokenizer. All but Model are optional.
type Stages struct {
	Normalizer    Normalizer    // nil: the text is not changed
	Splitter      Splitter      // nil: a text is one piece
	Model         Model         // pieces → tokens
	PostProcessor PostProcessor // nil: no tokens are added
	Decoder       Decoder       // nil: the bytes of a BPE, otherwise tokens with a space between them
	Added         []AddedToken  // tokens found in the text before all stages
}

// Policy selects how special tokens in a text to encode are treated.
type Policy int

// The policies. Use AsText for untrusted text.
const (
	Allow  Policy = iota // encode them as special tokens
	AsText               // encode them like other text
	Forbid               // return an error
)

// Tokenizer turns text into ids and back. Many goroutines may use one at once, once its fields are set. Copies may have
// different field values and share everything else:
//
//	untrusted := *tok
//	untrusted.Special = tokenize.AsText
type Tokenizer struct {
	Special     Policy // special tokens in the text
	Bare        bool   // do not add the tokens of the PostProcessor
	SkipSpecial bool   // leave special tokens out of decoded text
	OmitUnknown bool   // if there is no unknown token, leave out text that has no token, as Hugging Face's BPE does, instead of returning an error
	RuneOffsets bool   // offsets count runes instead of bytes

	Truncation *Truncation // nil: nothing is cut; AppendEncode never cuts
	Padding    *Padding    // nil: nothing is padded; AppendEncode never pads

	Roles Roles // the texts of the tokens that begin, end and fill texts; BOS, EOS, Pad and Unk return their ids

	*core
}

// core is the data that New derives from Stages. It does not change afterwards.
type core struct {
	stages     Stages
	added      map[string]AddedToken
	addedByID  map[int32]AddedToken
	decoded    map[int32]string // the normalized text of each Normalized added token, for the Decoder
	raw        *matcher         // added tokens that are found in the original text
	normalized *matcher         // added tokens that are found in the normalized text
	fast       textModel        // set together with scan if the Splitter has a fast form
	scan       scan.Scanner
	rewrite    rewriter    // nil: the text is not changed
	respell    respellFunc // the rewriting of the Splitter before scan cuts the text; nil: none
	buffers    table.Pool[[]byte]
	cuttable   bool     // no added token crosses a place where scan cuts a text
	spelled    bool     // the model gets bytes in their spelling: ByteLevel with a model other than byte-level BPE
	needsPlace bool     // a stage depends on where a piece starts in the text, so ids need origins
	join       joiner   // nil: the Decoder has no fast form
	chain      *chain   // nil: the Decoder is not a chain
	texts      []string // by id: the argument of join
	size       int
	class      string       // tokenizer_class of the folder from which it was loaded
	omitting   func() *core // for OmitUnknown
}

// New returns a Tokenizer of s. It is an error if the stages do not fit: there is no model, ByteLevel is combined with a
// model that is not a BPE of bytes, such a BPE has no ByteLevel, or the model gives the text or id of an added token to
// another token.
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

// Stages returns the parts of t, which must not be changed.
func (c *core) Stages() Stages { return c.stages }
