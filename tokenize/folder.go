package tokenize

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"
)

// folderFiles are the files that Load looks for in a folder, in this order.
var folderFiles = []string{"tokenizer.json", "vocab.json", "vocab.txt", sentencePieceFile, "spiece.model", "sentencepiece.bpe.model"}

// sentencePieceFile is the name of a .model file in the folders of Llama and others.
const sentencePieceFile = "tokenizer.model"

// inFolder returns the file of a folder that Load reads.
func inFolder(folder string) (string, error) {
	for _, name := range folderFiles {
		if path := filepath.Join(folder, name); exists(path) {
			return path, nil
		}
	}
	return "", errors.Errorf("tokenize: load: %s: none of %s in the folder", folder, strings.Join(folderFiles, ", "))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// ModelFile returns the name and the contents of the file that the folder of a model holds of t, for Load to read it from there:
// tokenizer.json, or tokenizer.model where t is sentencepiece's, which a tokenizer.json cannot hold.
func (t *Tokenizer) ModelFile() (name string, data []byte, err error) {
	if m, ok := t.stages.Model.(*SentencePiece); ok {
		return sentencePieceFile, m.file.marshal(), nil
	}
	data, err = t.MarshalJSON()
	return "tokenizer.json", data, err
}
