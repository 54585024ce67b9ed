package tokenize

import (
	"bytes"
	"os"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// readFile reads a file of a tokenizer and removes a byte order mark. A file of another kind is an error that names the
// kind.
func readFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.Wrap(err, "tokenize: load")
	}
	if data, err = plainFile(data); err != nil {
		return nil, errors.WithMessagef(err, "tokenize: load: %s", path)
	}
	return data, nil
}

// plainFile returns data without a byte order mark, or an error if the data is not a tokenizer file.
func plainFile(data []byte) ([]byte, error) {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(data, []byte(mark)) {
			return nil, errors.New("it is UTF-16: save it as UTF-8")
		}
	}
	data = withoutMark(data)
	if len(data) == 0 {
		return nil, errors.New("the file is empty")
	}
	if kind := textfile.Kind(data); kind != "" {
		return nil, errors.Errorf("it is %s, not a tokenizer", kind)
	}
	if len(data) > 9 && data[8] == '{' && bytes.HasPrefix(data[3:], make([]byte, 5)) {
		return nil, errors.New("it is a safetensors file, not a tokenizer")
	}
	return data, nil
}

// isTiktoken reports whether data begins with base64 and a rank on one line, like a .tiktoken file.
func isTiktoken(data []byte) bool {
	line, _, _ := bytes.Cut(data[:min(len(data), 1<<10)], []byte("\n"))
	_, err := parseRanks(line)
	return err == nil && len(bytes.TrimSpace(line)) > 0
}
