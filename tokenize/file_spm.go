package tokenize

import (
	"math"
	"unicode/utf8"

	"github.com/pkg/errors"
	"google.golang.org/protobuf/encoding/protowire"
)

// spmFile is sentencepiece's ModelProto (sentencepiece_model.proto), with the fields that are used here. Other fields are
// kept as bytes for saving.
type spmFile struct {
	pieces                             []spmPiece
	trainer                            spmTrainer
	normalizer                         spmNormalizer
	denormalizer                       spmNormalizer
	rawTrainer, rawNormalizer, rawRest []byte
}

// spmPiece is a piece of the vocabulary.
type spmPiece struct {
	text  string
	score float32
	kind  spmKind
	value byte   // the byte of a byte piece
	raw   []byte // the piece as stored in the file
}

// spmKind is the type of a piece, numbered as in files.
type spmKind int32

const (
	spmNormal      spmKind = 1
	spmUnknown     spmKind = 2
	spmControl     spmKind = 3
	spmUserDefined spmKind = 4
	spmUnused      spmKind = 5
	spmByte        spmKind = 6
)

// spmTrainer holds the fields of the TrainerSpec that are used here.
type spmTrainer struct {
	model        uint64
	byteFallback bool
	spaceSuffix  bool // treat_whitespace_as_suffix
	unkSurface   string
}

// The model types of a TrainerSpec.
const (
	spmModelUnigram = 1
	spmModelBPE     = 2
	spmModelWord    = 3
	spmModelChar    = 4
)

// parseSPMFile reads a ModelProto.
func parseSPMFile(data []byte) (*spmFile, error) {
	f := &spmFile{}
	var rawDenormalizer []byte
	err := eachField(data, func(v field) error {
		if v.kind != protowire.BytesType {
			f.rawRest = append(f.rawRest, v.raw...)
			return nil
		}
		switch v.number {
		case 1:
			p, err := parseSPMPiece(v.bytes)
			f.pieces = append(f.pieces, p)
			return errors.WithMessagef(err, "piece %d", len(f.pieces)-1)
		case 2:
			f.rawTrainer = append(f.rawTrainer, v.bytes...)
			return nil
		case 3:
			f.rawNormalizer = append(f.rawNormalizer, v.bytes...)
			return nil
		case 5:
			rawDenormalizer = append(rawDenormalizer, v.bytes...)
		}
		f.rawRest = append(f.rawRest, v.raw...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if f.trainer, err = parseSPMTrainer(f.rawTrainer); err != nil {
		return nil, errors.WithMessage(err, "trainer_spec")
	}
	if f.normalizer, err = parseSPMNormalizer(f.rawNormalizer); err != nil {
		return nil, errors.WithMessage(err, "normalizer_spec")
	}
	f.normalizer.spaceSuffix = f.trainer.spaceSuffix
	f.denormalizer, err = parseSPMNormalizer(rawDenormalizer)
	return f, errors.WithMessage(err, "denormalizer_spec")
}

func parseSPMPiece(data []byte) (spmPiece, error) {
	p := spmPiece{kind: spmNormal, raw: data}
	err := eachField(data, func(v field) error {
		switch {
		case v.number == 1 && v.kind == protowire.BytesType:
			p.text = string(v.bytes)
		case v.number == 2 && v.kind == protowire.Fixed32Type:
			p.score = math.Float32frombits(uint32(v.value))
		case v.number == 3 && v.kind == protowire.VarintType:
			p.kind = spmKind(v.value)
		}
		return nil
	})
	switch {
	case err != nil:
		return p, err
	case p.text == "":
		return p, errors.New("the piece has no text")
	case !utf8.ValidString(p.text):
		return p, errors.Errorf("%q is not valid UTF-8", p.text)
	case p.score-p.score != 0:
		return p, errors.Errorf("%q has the score %v", p.text, p.score)
	case p.kind < spmNormal || p.kind > spmByte:
		return p, errors.Errorf("%q has the unknown type %d", p.text, p.kind)
	}
	return p, nil
}

func parseSPMTrainer(data []byte) (spmTrainer, error) {
	t := spmTrainer{model: spmModelUnigram, unkSurface: " \u2047 "}
	err := eachField(data, func(v field) error {
		switch {
		case v.number == 44 && v.kind == protowire.BytesType:
			t.unkSurface = string(v.bytes)
		case v.kind != protowire.VarintType:
		case v.number == 3:
			t.model = v.value
		case v.number == 24:
			t.spaceSuffix = v.value != 0
		case v.number == 35:
			t.byteFallback = v.value != 0
		}
		return nil
	})
	return t, err
}

func parseSPMNormalizer(data []byte) (spmNormalizer, error) {
	n := spmNormalizer{dummyPrefix: true, mergeSpaces: true, escapeSpaces: true}
	var charsmap []byte
	err := eachField(data, func(v field) error {
		switch {
		case v.number == 2 && v.kind == protowire.BytesType:
			charsmap = v.bytes
		case v.kind != protowire.VarintType:
		case v.number == 3:
			n.dummyPrefix = v.value != 0
		case v.number == 4:
			n.mergeSpaces = v.value != 0
		case v.number == 5:
			n.escapeSpaces = v.value != 0
		}
		return nil
	})
	if err == nil && len(charsmap) > 0 {
		n.table, err = parseCharsmap(charsmap)
	}
	return n, err
}

// marshal returns the ModelProto as bytes.
func (f *spmFile) marshal() []byte {
	var b []byte
	for _, p := range f.pieces {
		b = protowire.AppendTag(b, 1, protowire.BytesType)
		b = protowire.AppendBytes(b, p.raw)
	}
	for i, raw := range [][]byte{f.rawTrainer, f.rawNormalizer} {
		if len(raw) > 0 {
			b = protowire.AppendTag(b, protowire.Number(2+i), protowire.BytesType)
			b = protowire.AppendBytes(b, raw)
		}
	}
	return append(b, f.rawRest...)
}
