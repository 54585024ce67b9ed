package report

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train/internal/textline"
)

// RescueLog renames a log that is damaged or has another score, and returns its new name. It writes a log of this score with the valid
// lines under the old name, so that the run can resume. Nothing is lost.
func RescueLog(path, score string) (aside string, err error) {
	defer func() { err = errors.WithMessagef(err, "report: log %s", path) }()
	good, err := goodLines(path, score)
	if err != nil {
		return "", err
	}
	if aside, err = MoveAside(path); err != nil {
		return "", err
	}
	return aside, errors.WithStack(os.WriteFile(path, []byte(good), 0o644))
}

// MoveAside renames a damaged file to path.damaged-1, or to the next number that is free, and returns its new name.
func MoveAside(path string) (aside string, err error) {
	for i := 1; ; i++ {
		aside = fmt.Sprintf("%s.damaged-%d", path, i)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			return aside, errors.WithStack(os.Rename(path, aside))
		}
	}
}

// goodLines returns the header of a log of this score and every complete line that is a valid row. It drops the values of another score.
func goodLines(path, score string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", errors.WithStack(err)
	}
	defer f.Close()
	var good strings.Builder
	good.WriteString(headerOf(score) + "\n")
	b, was := bufio.NewReader(f), headerOf(score)
	empty := make([]string, strings.Count(was, ",")+1-columns) // the score of a log that has another
	for n := 1; ; n++ {
		line, length, err := textline.Next(b)
		if err != nil {
			return good.String(), nil // the end, or a disk that cannot be read further
		}
		text := strings.TrimRight(string(line), "\r\n")
		if n == 1 && isHeader(text) {
			was = text
			continue
		}
		r := row{line: 2, names: strings.Split(was, ",")}
		if textline.Check(length) != nil || r.parse(text) != nil {
			continue
		}
		if was != headerOf(score) {
			text = strings.Join(append(r.fields[:columns:columns], empty...), ",")
		}
		good.WriteString(text + "\n")
	}
}
