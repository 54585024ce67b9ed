package tokenize

import (
	"os"
	"path/filepath"

	"github.com/pkg/errors"
)

// Load reads a tokenizer: the folder of a model, or a single file.
//
// In a folder, tokenizer.json has precedence. Then come the files of the class that tokenizer_config.json (or
// config.json) names, then vocab.json with merges.txt, vocab.txt, a .model of sentencepiece and a .tiktoken file. As in
// Hugging Face's transformers, the following settings are applied on top: added_tokens.json, special_tokens_map.json and
// the keys of tokenizer_config.json: tokenizer_class, added_tokens_decoder, the tokens with a role (see Roles),
// additional_special_tokens, add_bos_token, add_eos_token, add_prefix_space, do_lower_case, strip_accents,
// tokenize_chinese_chars, do_basic_tokenize, legacy, extra_ids, split_special_tokens, padding_side and truncation_side.
// An unsupported value or class is an error that names it. Only tokens that the files name join the vocabulary;
// transformers also adds the default tokens of a class.
//
// A file with one of these names is read like its folder, with this file in place of the one with precedence. A file with
// any other name is read alone: a .tiktoken file of a known name (see TiktokenNamed), a .model file, or a tokenizer.json.
func Load(path string) (*Tokenizer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, errors.Wrap(err, "tokenize: load")
	}
	if info.IsDir() {
		return loadFolder(path, "")
	}
	if name := filepath.Base(path); isFolderFile(name) {
		return loadFolder(filepath.Dir(path), name)
	}
	switch filepath.Ext(path) {
	case ".tiktoken":
		return loadTiktokenByName(path)
	case ".model":
		return LoadSentencePiece(path)
	}
	return loadFile(path, fromJSON)
}

// loadFile reads a file and makes a Tokenizer of its contents.
func loadFile(path string, from func(data []byte) (*Tokenizer, error)) (*Tokenizer, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	t, err := from(data)
	return t, errors.WithMessagef(err, "tokenize: load: %s", path)
}
