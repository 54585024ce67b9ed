package report

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/pkg/errors"
)

// RescueLog moves a damaged log aside, under a name that it returns, and puts a log of the lines that can be read in its place. So a
// run whose log is damaged can resume, and nothing is lost.
func RescueLog(path string) (aside string, err error) {
	defer func() { err = errors.WithMessagef(err, "report: log %s", path) }()
	good, err := goodLines(path)
	if err != nil {
		return "", err
	}
	for i := 1; ; i++ {
		aside = fmt.Sprintf("%s.damaged-%d", path, i)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err := os.Rename(path, aside); err != nil {
		return "", errors.WithStack(err)
	}
	return aside, errors.WithStack(os.WriteFile(path, []byte(good), 0o644))
}

// goodLines returns the header and every whole line that is a row.
func goodLines(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", errors.WithStack(err)
	}
	defer f.Close()
	var good strings.Builder
	good.WriteString(header + "\n")
	lines := bufio.NewReader(f)
	for {
		text, err := lines.ReadString('\n')
		if err != nil {
			return good.String(), nil // the end, or a disk that cannot be read further
		}
		if r := (row{line: 2}); r.parse(strings.TrimRight(text, "\r\n")) == nil {
			good.WriteString(strings.TrimRight(text, "\r\n") + "\n")
		}
	}
}
