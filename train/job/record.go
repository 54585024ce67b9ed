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
	"strings"

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
	Sum       string            `json:"sum"`       // checksum of the other fields
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
	return &r, errors.WithMessagef(err, "%s is damaged", path)
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

// flagsOf returns the values of the recorded flags by name.
func flagsOf(f *flag.FlagSet) map[string]string {
	values := map[string]string{}
	if f != nil {
		f.VisitAll(func(f *flag.Flag) {
			if !slices.Contains(unrecorded, f.Name) {
				values[f.Name] = f.Value.String()
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

// recall sets every flag that is not on the command line to its value in the run. A flag on the command line with another value is an
// error, unless it is free, names data or is listed in -change.
func (r *Run) recall(was *record) error {
	f := r.program.Flags
	if was.Program != r.program.Name {
		return errors.Errorf("program %q began the run, this is %q", was.Program, r.program.Name)
	}
	if f == nil {
		return nil
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var refused, fixed []string
	for _, name := range slices.Sorted(maps.Keys(was.Flags)) {
		now := f.Lookup(name)
		if now == nil {
			return errors.Errorf("%s has a flag -%s, which this program lacks: use the program that began the run", recordName, name)
		}
		then := was.Flags[name]
		if now.Value.String() == then {
			continue
		}
		if !given[name] {
			if err := f.Set(name, then); err != nil {
				return errors.Wrapf(err, "%s: -%s", recordName, name)
			}
			continue
		}
		both := fmt.Sprintf("-%s is %s in the run and %s here", name, quoted(then), quoted(now.Value.String()))
		switch {
		case slices.Contains(r.program.Data, name):
			r.otherData = append(r.otherData, both)
		case slices.Contains(r.program.Fixed, name):
			fixed = append(fixed, both)
		case !slices.Contains(free, name) && !slices.Contains(r.changes(), name):
			refused = append(refused, both)
		default:
			r.changed = append(r.changed, both)
		}
	}
	return refuse(fixed, refused)
}

func refuse(fixed, refused []string) error {
	if len(fixed) > 0 {
		return errors.Errorf("%s: a run cannot change that: leave it out, or choose another -out", strings.Join(fixed, ", "))
	}
	if len(refused) == 0 {
		return nil
	}
	names := make([]string, len(refused))
	for i, both := range refused {
		name, _, _ := strings.Cut(both, " ")
		names[i] = name[1:]
	}
	return errors.Errorf("%s: leave it out, or allow it with -change %s", strings.Join(refused, ", "), strings.Join(names, ","))
}

// quoted returns the value, in quotes if it is empty or contains white space.
func quoted(value string) string {
	if value == "" || strings.ContainsAny(value, " \t\n") {
		return fmt.Sprintf("%q", value)
	}
	return value
}
