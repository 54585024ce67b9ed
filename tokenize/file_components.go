package tokenize

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// maxNesting is how deep a Sequence may lie in others. Each level parses its contents again.
const maxNesting = 8

// sequence parses the parts of a Sequence: the array under key.
func sequence[T any](raw json.RawMessage, key string, depth int, parse func(json.RawMessage, int) (T, error)) ([]T, error) {
	if depth >= maxNesting {
		return nil, errors.Errorf("Sequence: nested more than %d deep", maxNesting)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, errors.WithStack(err)
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(fields[key], &parts); err != nil {
		return nil, errors.Wrapf(err, "Sequence: %s", key)
	}
	list := make([]T, len(parts))
	for i, part := range parts {
		if isNull(part) {
			return nil, errors.Errorf("Sequence: %s[%d]: null", key, i)
		}
		var err error
		if list[i], err = parse(part, depth+1); err != nil {
			return nil, errors.WithMessagef(err, "Sequence: %s[%d]", key, i)
		}
	}
	return list, nil
}

// reader reads a component of one type.
type reader[I any] func(raw json.RawMessage, depth int) (I, error)

// read is the reader of a component whose keys are the fields of T. Keys that are missing are as in v.
func read[I, T any](v T) reader[I] {
	return func(raw json.RawMessage, _ int) (I, error) {
		part := v
		var none I
		if err := json.Unmarshal(raw, &part); err != nil {
			return none, errors.WithStack(err)
		}
		if c, ok := any(part).(checker); ok {
			if err := c.check(); err != nil {
				return none, err
			}
		}
		return any(part).(I), nil
	}
}

// parseStage reads a component by its type; null is none.
func parseStage[I any](raw json.RawMessage, depth int, readers map[string]reader[I]) (stage I, err error) {
	if isNull(raw) {
		return stage, nil
	}
	kind, err := kindOf(raw)
	if err != nil {
		return stage, err
	}
	r, ok := readers[kind]
	if !ok {
		return stage, unknownKind(kind)
	}
	stage, err = r(raw, depth)
	if kind != "Sequence" {
		err = errors.WithMessage(err, kind)
	}
	return stage, err
}

func parseNormalizer(raw json.RawMessage, depth int) (Normalizer, error) {
	return parseStage(raw, depth, map[string]reader[Normalizer]{
		"BertNormalizer": read[Normalizer](BertUncased),
		"ByteLevel":      read[Normalizer](ByteLevelNormalizer{}),
		"Lowercase":      read[Normalizer](Lowercase{}),
		"NFC":            form(NFC),
		"NFD":            form(NFD),
		"NFKC":           form(NFKC),
		"NFKD":           form(NFKD),
		"Nmt":            read[Normalizer](Nmt{}),
		"Precompiled":    func(raw json.RawMessage, _ int) (Normalizer, error) { return parsePrecompiled(raw) },
		"Prepend":        read[Normalizer](Prepend{}),
		"Replace":        read[Normalizer](Replace{}),
		"Strip":          read[Normalizer](Strip{Left: true, Right: true}),
		"StripAccents":   read[Normalizer](StripAccents{}),
		"Sequence": func(raw json.RawMessage, depth int) (Normalizer, error) {
			list, err := sequence(raw, "normalizers", depth, parseNormalizer)
			return Normalizers(list), err
		},
	})
}

func form(f Form) reader[Normalizer] {
	return func(json.RawMessage, int) (Normalizer, error) { return f, nil }
}

func parseSplitter(raw json.RawMessage, depth int) (Splitter, error) {
	return parseStage(raw, depth, map[string]reader[Splitter]{
		"BertPreTokenizer":   read[Splitter](BertSplitter{}),
		"ByteLevel":          func(raw json.RawMessage, _ int) (Splitter, error) { return parseByteLevel(raw) },
		"CharDelimiterSplit": read[Splitter](CharDelimiterSplit{}),
		"Digits":             read[Splitter](Digits{}),
		"FixedLength":        read[Splitter](FixedLength{Length: 5}),
		"Metaspace":          read[Splitter](Metaspace{}),
		"Punctuation":        read[Splitter](Punctuation{}),
		"Split":              parseSplit,
		"UnicodeScripts":     read[Splitter](UnicodeScripts{}),
		"Whitespace":         read[Splitter](Whitespace{}),
		"WhitespaceSplit":    read[Splitter](WhitespaceSplit{}),
		"Sequence": func(raw json.RawMessage, depth int) (Splitter, error) {
			list, err := sequence(raw, "pretokenizers", depth, parseSplitter)
			return Splitters(list), err
		},
	})
}

func parsePostProcessor(raw json.RawMessage, depth int) (PostProcessor, error) {
	return parseStage(raw, depth, map[string]reader[PostProcessor]{
		"BertProcessing":     read[PostProcessor](BertProcessing{}),
		"ByteLevel":          func(raw json.RawMessage, _ int) (PostProcessor, error) { return parseByteLevel(raw) },
		"RobertaProcessing":  read[PostProcessor](RobertaProcessing{TrimOffsets: true, PrefixSpace: true}),
		"TemplateProcessing": func(raw json.RawMessage, _ int) (PostProcessor, error) { return parseTemplate(raw) },
		"Sequence": func(raw json.RawMessage, depth int) (PostProcessor, error) {
			list, err := sequence(raw, "processors", depth, parsePostProcessor)
			return PostProcessors(list), err
		},
	})
}

func parseDecoder(raw json.RawMessage, depth int) (Decoder, error) {
	return parseStage(raw, depth, map[string]reader[Decoder]{
		"BPEDecoder":   read[Decoder](BPEDecoder{Suffix: "</w>"}),
		"ByteFallback": read[Decoder](ByteFallback{}),
		"ByteLevel":    func(raw json.RawMessage, _ int) (Decoder, error) { return parseByteLevel(raw) },
		"CTC":          read[Decoder](CTC{Pad: "<pad>", Delimiter: "|", Cleanup: true}),
		"Fuse":         read[Decoder](Fuse{}),
		"Metaspace":    read[Decoder](Metaspace{}),
		"Replace":      read[Decoder](Replace{}),
		"Strip":        read[Decoder](StripDecoder{}),
		"WordPiece":    read[Decoder](WordPieceDecoder{Prefix: "##", Cleanup: true}),
		"Sequence": func(raw json.RawMessage, depth int) (Decoder, error) {
			if isWordJoiner(raw) {
				return WordJoiner{}, nil
			}
			list, err := sequence(raw, "decoders", depth, parseDecoder)
			return Decoders(list), err
		},
	})
}

// jsonByteLevel is a ByteLevel in any of its roles.
type jsonByteLevel struct {
	Type        string `json:"type"`
	PrefixSpace *bool  `json:"add_prefix_space"`
	TrimOffsets *bool  `json:"trim_offsets"`
	UseRegex    *bool  `json:"use_regex"`
}

func parseByteLevel(raw json.RawMessage) (s ByteLevel, err error) {
	var f jsonByteLevel
	if err := json.Unmarshal(raw, &f); err != nil {
		return s, errors.WithStack(err)
	}
	if f.PrefixSpace == nil || f.TrimOffsets == nil {
		return s, errors.New("add_prefix_space and trim_offsets must be there")
	}
	return ByteLevel{PrefixSpace: *f.PrefixSpace, TrimOffsets: *f.TrimOffsets, NoPattern: f.UseRegex != nil && !*f.UseRegex}, nil
}

type jsonSplit struct {
	Type     string      `json:"type"`
	Pattern  jsonPattern `json:"pattern"`
	Behavior Behavior    `json:"behavior"`
	Invert   bool        `json:"invert"`
}

func parseSplit(raw json.RawMessage, _ int) (Splitter, error) {
	var f jsonSplit
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, errors.WithStack(err)
	}
	pattern, regex, err := f.Pattern.read()
	if err != nil {
		return nil, err
	}
	for _, known := range []Splitter{Chars{}, Words{}} {
		if regex && pattern == patternOf(known) && f.Behavior == Removed && f.Invert {
			return known, nil
		}
	}
	s := Split{Pattern: pattern, Regex: regex, Behavior: f.Behavior, Invert: f.Invert}
	return s, s.check()
}
