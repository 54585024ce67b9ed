package flagstest

import (
	"bytes"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
)

// Sweep gives every flag of every command values that are wrong for its kind. Numbers get words and values out of range. Paths get
// missing and empty files, binary files, folders instead of files and files instead of folders. Each run must return a one-line error
// that names the flag or the path, and leave no file behind.
//
// The arguments of a command precede the flag. They keep the run small if a check lets the wrong value pass, and take their text from
// text.txt. Sweep skips the arguments in valid.
func Sweep(t *testing.T, program func(io.Writer) flags.Program, args map[string]string, valid ...string) {
	t.Chdir(t.TempDir())
	makeFiles(t)
	before := tree(t)
	for command, rest := range args {
		set, err := program(io.Discard).Flags(command)
		if err != nil {
			t.Fatal(err)
		}
		set.VisitAll(func(f *flag.Flag) {
			for _, value := range wrong(f) {
				bad := "-" + f.Name + "=" + value
				if slices.Contains(valid, bad) {
					continue
				}
				line := append(strings.Fields(command+" "+rest), bad)
				var w bytes.Buffer
				err := program(&w).Run(line, &w)
				if err == nil || strings.Contains(err.Error(), "\n") || w.Len() > 0 {
					t.Errorf("%q: got error %v and output %q, want a one-line error and no output", line, err, w.String())
				} else if !strings.Contains(err.Error(), "-"+f.Name) && (value == "" || !strings.Contains(err.Error(), value)) {
					t.Errorf("%q: got error %q, which does not name the flag", line, err)
				}
				if after := tree(t); !slices.Equal(before, after) {
					t.Fatalf("%q: got the files %q, want %q", line, after, before)
				}
			}
		})
	}
}

// makeFiles creates the files that Sweep uses.
func makeFiles(t *testing.T) {
	t.Helper()
	for name, data := range map[string]string{
		"text.txt": strings.Repeat("The quick brown fox\tjumps over the lazy dog.\n", 40),
		"empty":    "",
		"noise":    "\x7fELF\x00\x01\xff\xfe\x80{[",
	} {
		if err := os.WriteFile(name, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("folder", 0o777); err != nil {
		t.Fatal(err)
	}
}

// wrong returns values that a flag of this kind must refuse.
func wrong(f *flag.Flag) []string {
	var value any
	if g, ok := f.Value.(flag.Getter); ok {
		value = g.Get()
	}
	switch value.(type) {
	case bool:
		return []string{"perhaps", ""}
	case int, uint64:
		return []string{"many", "", "1.5", "-1", "99999999999999999999"}
	case float64:
		return []string{"many", "", "-1", "NaN", "Inf", "-Inf", "1e999"}
	}
	switch {
	case f.Name == "out":
		return []string{"", "empty", "empty/below"}
	case f.Name == "data": // noise is valid text in some encodings
		return []string{"", "missing", "missing/below", "empty", "empty/below", "folder"}
	case strings.Contains(f.Usage, "`"):
		return []string{"", "missing", "missing/below", "empty", "empty/below", "folder", "noise", "text.txt"}
	}
	return nil
}

// tree lists the files below the current folder.
func tree(t *testing.T) (list []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		list = append(list, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
