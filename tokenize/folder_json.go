package tokenize

import (
	"slices"

	"github.com/pkg/errors"
)

// fromJSON reads a tokenizer.json. The settings may override some of its stages.
func (f *folder) fromJSON(data []byte) (*Tokenizer, error) {
	file, stages, err := parseFile(data)
	if err != nil {
		return nil, err
	}
	if n, ok := stages.Normalizer.(BertNormalizer); ok && (f.kind == bertFiles || f.class == "") {
		stages.Normalizer = f.bertOptions(n)
	}
	if err := f.setPrefixSpace(&stages); err != nil {
		return nil, err
	}
	t, err := f.finish(stages, f.family)
	if err != nil {
		return nil, err
	}
	return t, file.setOptions(t)
}

// setPrefixSpace applies add_prefix_space.
func (f *folder) setPrefixSpace(stages *Stages) error {
	if f.prefixSpace == nil {
		return nil
	}
	has, known := false, false
	set := func(part any) any {
		if b, ok := part.(ByteLevel); ok {
			known, has, b.PrefixSpace = true, *f.prefixSpace, *f.prefixSpace
			return b
		}
		return part
	}
	switch s := stages.Splitter.(type) {
	case ByteLevel:
		stages.Splitter = set(s).(ByteLevel)
	case Splitters:
		list := slices.Clone(s)
		for i := range list {
			list[i] = set(list[i]).(Splitter)
		}
		stages.Splitter = list
	case Metaspace:
		known, has = true, s.scheme() != PrependNever
	}
	_ = each(stages.Normalizer, func(part any) error {
		if _, ok := part.(Prepend); ok {
			known, has = true, true
		}
		return nil
	})
	if known && has != *f.prefixSpace {
		return errors.Errorf("add_prefix_space of tokenizer_config.json is %t, but the tokenizer.json puts a space in front: %t: change one of them", *f.prefixSpace, has)
	}
	return nil
}
