package job

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc64"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

const recordName = "run.json"

// record is run.json: the identity of a run.
type record struct {
	Program   string            `json:"program"`
	Flags     map[string]string `json:"flags"`
	Data      string            `json:"data"`      // key of the data
	Tokenizer string            `json:"tokenizer"` // fingerprint of the tokenizer's files
	Proof     *proof            `json:"proof,omitempty"`
	Sum       string            `json:"sum"` // checksum of the other fields
}

// readRecord reads run.json. The error is fs.ErrNotExist if the folder has no run.
func readRecord(dir string) (*record, error) {
	path := filepath.Join(dir, recordName)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	var r record
	err = decode(text, &r)
	if sum := r.Sum; err == nil {
		r.Sum = ""
		err = checkSum(r, sum)
	}
	if err != nil {
		return nil, errors.Errorf("%s is damaged: %v: restore it from a copy, or choose another -out", path, err)
	}
	return &r, nil
}

func (r record) write(dir string) (err error) {
	if r.Sum, err = sumOf(r); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return errors.WithStack(err)
	}
	return checkpoints.WriteFile(filepath.Join(dir, recordName), func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return errors.WithStack(err)
	})
}

// decode reads JSON that encoding/json wrote from a value of v's type. A key that is unknown, missing or doubled is an error, because a
// setting would be lost.
func decode(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return errors.WithStack(err)
	}
	var was bytes.Buffer
	if err := json.Compact(&was, text); err != nil {
		return errors.WithStack(err)
	}
	now, err := json.Marshal(v)
	if err != nil {
		return errors.WithStack(err)
	}
	if !bytes.Equal(was.Bytes(), now) {
		return errors.Errorf("it holds %.300s, which is read as %.300s", was.Bytes(), now)
	}
	return nil
}

// sumOf returns the checksum of a value whose field Sum is "". Only the checksum detects a changed digit of a setting.
func sumOf(v any) (string, error) {
	text, err := json.Marshal(v)
	return fmt.Sprintf("%016x", crc64.Checksum(text, crc64.MakeTable(crc64.ECMA))), errors.WithStack(err)
}

// checkSum compares the checksum of a value whose field Sum is "" with the saved one.
func checkSum(v any, saved string) error {
	if sum, err := sumOf(v); err != nil || sum != saved {
		return errors.Errorf("its checksum is %s, it was saved with %q", sum, saved)
	}
	return nil
}

// recorded returns the values of the recorded flags by name. Paths are absolute.
func (p Program) recorded() map[string]string {
	values := map[string]string{}
	if p.Flags != nil {
		p.Flags.VisitAll(func(f *flag.Flag) {
			if Recorded(f.Name) {
				values[f.Name] = p.absolute(f.Name, f.Value.String())
			}
		})
	}
	return values
}

// fingerprint identifies a tokenizer by its files.
func fingerprint(files map[string][]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%q %d\n", name, len(files[name]))
		h.Write(files[name])
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}
