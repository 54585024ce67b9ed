package report

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/pkg/errors"
)

// RescueLog renames a damaged log and returns its new name. It writes a log of the valid lines under the old name, so that the run can
// resume. Nothing is lost.
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

// goodLines returns the header and every complete line that is a valid row.
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
