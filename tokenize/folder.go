package tokenize

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// sentencePieceFile is the name of a .model file in the folders of Llama and others.
const sentencePieceFile = "tokenizer.model"

// modelNames are the usual names of .model files.
var modelNames = []string{sentencePieceFile, "spiece.model", "sentencepiece.bpe.model", "spm.model", "sentencepiece.model"}

// bytePairNames lists the names of the two files of byte-level BPE: GPT-2's current names, then the older ones.
var bytePairNames = [][2]string{{"vocab.json", "merges.txt"}, {"encoder.json", "vocab.bpe"}}

// isFolderFile reports whether a file of this name represents the tokenizer of its folder.
func isFolderFile(name string) bool {
	return name == "tokenizer.json" || name == "vocab.txt" || slices.Contains(modelNames, name) ||
		slices.ContainsFunc(bytePairNames, func(pair [2]string) bool { return name == pair[0] || name == pair[1] })
}

// folder is the folder of a tokenizer that is being loaded.
type folder struct {
	dir string
	*settings
	family
}

// loadFolder reads the tokenizer of a folder. name is its model file; "" selects the first in order of precedence.
func loadFolder(dir, name string) (*Tokenizer, error) {
	s, err := readSettings(dir)
	if err != nil {
		return nil, err
	}
	f := &folder{dir: dir, settings: s, family: familyOf(s.named)}
	if s.named == "" && (name != "tokenizer.json" && !f.has("tokenizer.json") || name != "" && name != "tokenizer.json") {
		if class, ok := models[s.modelType]; ok {
			f.family = familyOf(class + "Tokenizer")
		}
	}
	if name == "" {
		if name, err = f.choose(); err != nil {
			return nil, err
		}
	}
	if f.named == "" && f.known && name != "tokenizer.json" && !f.reads(name) {
		f.family = family{} // the folder does not hold the usual tokenizer of its model
	}
	t, err := f.load(name)
	if err != nil {
		return nil, err
	}
	f.setSides(t)
	return t, nil
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }
func (f *folder) has(name string) bool    { return exists(f.path(name)) }

// choose returns the name of the file that holds the tokenizer's model.
func (f *folder) choose() (string, error) {
	if f.has("tokenizer.json") {
		return "tokenizer.json", nil
	}
	var found []string
	for _, pair := range bytePairNames {
		if f.has(pair[0]) && f.has(pair[1]) {
			found = append(found, pair[0])
		}
	}
	if f.has("vocab.txt") {
		found = append(found, "vocab.txt")
	}
	for _, pattern := range []string{"*.model", "*.tiktoken"} {
		files, err := filepath.Glob(filepath.Join(escapeGlob(f.dir), pattern))
		if err != nil {
			return "", errors.Wrapf(err, "tokenize: load: %s", f.dir)
		}
		slices.SortFunc(files, func(a, b string) int { return modelRank(a) - modelRank(b) })
		if len(files) > 1 && modelRank(files[0]) == len(modelNames) {
			return "", errors.Errorf("tokenize: load: %s: %s and %s: name one of them", f.dir, files[0], filepath.Base(files[1]))
		}
		if len(files) > 0 {
			found = append(found, filepath.Base(files[0]))
		}
	}
	for _, name := range found {
		if f.kind == anyFiles || f.kind == noFiles || f.kind == jsonFiles || f.reads(name) {
			return name, nil
		}
	}
	if f.named == "" && len(found) > 0 {
		return found[0], nil
	}
	return "", f.nothing(found)
}

// nothing returns the error of a folder without a readable tokenizer.
func (f *folder) nothing(found []string) error {
	switch {
	case len(found) > 0:
		return errors.Errorf("tokenize: load: %s: tokenizer_class %s does not read %s", f.dir, f.class, strings.Join(found, ", "))
	case f.has("vocab.json"):
		return errors.Errorf("tokenize: load: %s: vocab.json without merges.txt: add it, or a tokenizer.json", f.dir)
	case f.has("tekken.json"):
		return errors.Errorf("tokenize: load: %s: tekken.json is Mistral's own format: use the tokenizer.json of the model", f.dir)
	}
	return errors.Errorf("tokenize: load: %s: none of tokenizer.json, vocab.json with merges.txt, vocab.txt, *.model, *.tiktoken in the folder", f.dir)
}

// modelRank orders .model files: the usual names come first.
func modelRank(path string) int {
	if i := slices.Index(modelNames, filepath.Base(path)); i >= 0 {
		return i
	}
	return len(modelNames)
}

// escapeGlob quotes the characters of a folder's name that have a meaning in a glob pattern.
func escapeGlob(dir string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(dir)
}

// reads reports whether the family reads a file of this name.
func (f *folder) reads(name string) bool {
	switch f.kind {
	case gpt2Files, robertaFiles, clipFiles, qwen2Files:
		return name == "vocab.json" || name == "encoder.json" || name == "merges.txt" || name == "vocab.bpe" || f.kind != clipFiles && filepath.Ext(name) == ".tiktoken"
	case bertFiles:
		return name == "vocab.txt"
	case llamaFiles, t5Files:
		return filepath.Ext(name) == ".model"
	}
	return false
}

// load reads the file and applies the settings.
func (f *folder) load(name string) (*Tokenizer, error) {
	path := f.path(name)
	if name == "tokenizer.json" {
		data, err := readFile(path)
		if err != nil {
			return nil, err
		}
		t, err := f.fromJSON(data)
		return t, errors.WithMessagef(err, "tokenize: load: %s", path)
	}
	switch {
	case f.kind == noFiles:
		return nil, errors.Errorf("tokenize: load: %s: the files of tokenizer_class %s are not followed: save its tokenizer.json (AutoTokenizer with use_fast)", f.dir, f.class)
	case f.kind == jsonFiles || f.kind == anyFiles && f.class != "":
		return nil, errors.Errorf("tokenize: load: %s: tokenizer_class %s needs a tokenizer.json: %s alone does not say how text is cut", f.dir, f.class, name)
	case f.kind != anyFiles && !f.reads(name):
		return nil, f.nothing([]string{name})
	}
	stages, err := f.stages(name)
	if err != nil {
		return nil, err
	}
	t, err := f.finish(stages, f.family)
	return t, errors.WithMessagef(err, "tokenize: load: %s", path)
}

// setSides applies padding_side and truncation_side.
func (f *folder) setSides(t *Tokenizer) {
	if f.padSide != "" && t.Padding != nil {
		t.Padding.Direction = f.padSide
	}
	if f.cutSide != "" && t.Truncation != nil {
		t.Truncation.Direction = f.cutSide
	}
}
