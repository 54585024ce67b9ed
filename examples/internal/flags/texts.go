package flags

import (
	"path/filepath"
	"strings"

	"github.com/pkg/errors"
)

// Text is the path of a text, with a name.
type Text struct{ Name, Path string }

// Texts is a flag of texts, such as wiki=a.txt,code=b.txt. Its paths are absolute, so that a run resumes from any folder.
type Texts []Text

// String implements flag.Value.
func (t *Texts) String() string {
	var all []string
	for _, x := range *t {
		all = append(all, x.Name+"="+x.Path)
	}
	return strings.Join(all, ",")
}

// Set implements flag.Value. After an error the flag is unchanged.
func (t *Texts) Set(value string) error {
	var all Texts
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(value, ",") {
		name, path, ok := strings.Cut(strings.TrimSpace(pair), "=")
		switch {
		case !ok || name == "" || path == "":
			return errors.Errorf("%q is no name=path, want pairs such as wiki=a.txt,code=b.txt", pair)
		case seen[name]:
			return errors.Errorf("two texts are called %q: give each its own name", name)
		}
		seen[name] = true
		path, err := filepath.Abs(path)
		if err != nil {
			return errors.WithStack(err)
		}
		all = append(all, Text{name, path})
	}
	*t = all
	return nil
}

// Check returns an error that names the flag if one of the texts is missing or empty.
func (t Texts) Check(flag string) error {
	for _, x := range t {
		if err := Input(flag, x.Path); err != nil {
			return err
		}
	}
	return nil
}
