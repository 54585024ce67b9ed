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

func parseNormalizer(raw json.RawMessage, depth int) (Normalizer, error) {
	if isNull(raw) {
		return nil, nil
	}
	kind, err := kindOf(raw)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "Lowercase":
		return Lowercase{}, nil
	case "NFC", "NFD", "NFKC", "NFKD":
		return Form(kind), nil
	case "Precompiled":
		return parsePrecompiled(raw)
	case "Sequence":
		list, err := sequence(raw, "normalizers", depth, parseNormalizer)
		return Normalizers(list), err
	}
	return nil, unknownKind(kind)
}

func (l Loader) parseSplitter(raw json.RawMessage, depth int) (Splitter, error) {
	if isNull(raw) {
		return nil, nil
	}
	kind, err := kindOf(raw)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "ByteLevel":
		return parseByteLevel(raw)
	case "Whitespace":
		return Whitespace{}, nil
	case "WhitespaceSplit":
		return WhitespaceSplit{}, nil
	case "Split":
		s, err := l.parseSplit(raw)
		return s, errors.WithMessage(err, "Split")
	case "Sequence":
		list, err := sequence(raw, "pretokenizers", depth, l.parseSplitter)
		return Splitters(list), err
	}
	return nil, unknownKind(kind)
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
		return s, errors.New("ByteLevel: add_prefix_space and trim_offsets must be there")
	}
	return ByteLevel{PrefixSpace: *f.PrefixSpace, TrimOffsets: *f.TrimOffsets, NoPattern: f.UseRegex != nil && !*f.UseRegex}, nil
}

type jsonPattern struct {
	String *string `json:"String,omitempty"`
	Regex  *string `json:"Regex,omitempty"`
}

type jsonSplit struct {
	Type     string      `json:"type"`
	Pattern  jsonPattern `json:"pattern"`
	Behavior Behavior    `json:"behavior"`
	Invert   bool        `json:"invert"`
}

func (l Loader) parseSplit(raw json.RawMessage) (Splitter, error) {
	var f jsonSplit
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, errors.WithStack(err)
	}
	if f.Pattern.String != nil {
		s := Split{Pattern: *f.Pattern.String, Behavior: f.Behavior, Invert: f.Invert}
		return s, s.check()
	}
	if f.Pattern.Regex == nil {
		return nil, errors.New("pattern: neither String nor Regex")
	}
	for _, known := range []Splitter{Chars{}, Words{}} {
		if a, b := patternOf(known), *f.Pattern.Regex; a == b && f.Behavior == Removed && f.Invert {
			return known, nil
		}
	}
	return l.compile(Split{Pattern: *f.Pattern.Regex, Regex: true, Behavior: f.Behavior, Invert: f.Invert})
}

// compile gives s its Matcher, unless its pattern has a scanner.
func (l Loader) compile(s Split) (Splitter, error) {
	if s.scanner() != nil {
		return s, nil
	}
	if l.Compile == nil {
		return nil, errors.Errorf("pattern %q has no scanner here: load with a Loader that compiles it", s.Pattern)
	}
	m, err := l.Compile(s.Pattern)
	if err != nil {
		return nil, errors.Wrapf(err, "pattern %q", s.Pattern)
	}
	s.Matcher = m
	return s, s.check()
}

func parsePostProcessor(raw json.RawMessage, depth int) (PostProcessor, error) {
	if isNull(raw) {
		return nil, nil
	}
	kind, err := kindOf(raw)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "ByteLevel":
		return parseByteLevel(raw)
	case "TemplateProcessing":
		return parseTemplate(raw)
	case "Sequence":
		list, err := sequence(raw, "processors", depth, parsePostProcessor)
		return PostProcessors(list), err
	}
	return nil, unknownKind(kind)
}

func parseDecoder(raw json.RawMessage, depth int) (Decoder, error) {
	if isNull(raw) {
		return nil, nil
	}
	kind, err := kindOf(raw)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "ByteLevel":
		return parseByteLevel(raw)
	case "Fuse":
		return Fuse{}, nil
	case "Sequence":
		if isWordJoiner(raw) {
			return WordJoiner{}, nil
		}
		list, err := sequence(raw, "decoders", depth, parseDecoder)
		return Decoders(list), err
	}
	return nil, unknownKind(kind)
}
