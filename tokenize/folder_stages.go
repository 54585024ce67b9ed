package tokenize

import (
	"path/filepath"
	"slices"

	"github.com/pkg/errors"
)

// stages reads the files of a folder that has no tokenizer.json.
func (f *folder) stages(name string) (Stages, error) {
	switch {
	case name == "vocab.txt":
		return f.bert()
	case filepath.Ext(name) == ".model":
		return f.sentencePiece(name)
	case filepath.Ext(name) == ".tiktoken":
		t, err := loadTiktokenByName(f.path(name))
		if err != nil {
			return Stages{}, err
		}
		return t.stages, nil
	}
	pair := bytePairNames[0]
	if slices.Contains(bytePairNames[1][:], name) {
		pair = bytePairNames[1]
	}
	ids, merges, err := readBytePairs(f.path(pair[0]), f.path(pair[1]))
	if err != nil {
		return Stages{}, err
	}
	s, err := f.bytePairs(ids, merges)
	return s, errors.WithMessagef(err, "tokenize: load: %s", f.path(pair[0]))
}
