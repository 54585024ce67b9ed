package job

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// weightSums is weights.csv: the CRC-32C of all weights after every step of a run, so that any step can be verified.
type weightSums struct {
	file *os.File
	w    *bufio.Writer
}

const (
	sumsName   = "weights.csv"
	sumsHeader = "step,crc32c\n"
)

// openSums opens the sums of a run for the steps after step. Sums of later steps are removed: they belong to steps that a kill has lost.
func openSums(dir string, step int) (*weightSums, error) {
	kept, err := readSums(dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, sumsName)
	err = checkpoints.WriteFile(path, func(w io.Writer) error {
		s := weightSums{w: bufio.NewWriter(w)}
		s.w.WriteString(sumsHeader)
		for i := 1; i <= step; i++ {
			if sum, ok := kept[i]; ok {
				s.add(i, sum)
			}
		}
		return s.sync()
	})
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o666)
	return &weightSums{file, bufio.NewWriter(file)}, errors.WithStack(err)
}

// readSums reads the sums of a run. A line that a kill has cut short is left out.
func readSums(dir string) (map[int]uint32, error) {
	sums := map[int]uint32{}
	file, err := os.Open(filepath.Join(dir, sumsName))
	if os.IsNotExist(err) {
		return sums, nil
	} else if err != nil {
		return nil, errors.WithStack(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var step int
		var sum uint32
		if n, _ := fmt.Sscanf(lines.Text(), "%d,%08x", &step, &sum); n == 2 && len(lines.Text()) == len(fmt.Sprint(step))+9 {
			sums[step] = sum
		}
	}
	return sums, errors.WithStack(lines.Err())
}

func (s *weightSums) add(step int, sum uint32) error {
	_, err := fmt.Fprintf(s.w, "%d,%08x\n", step, sum)
	return errors.WithStack(err)
}

func (s *weightSums) sync() error { return errors.WithStack(s.w.Flush()) }

func (s *weightSums) close() error {
	if s == nil {
		return nil
	}
	err := s.sync()
	if e := s.file.Close(); err == nil {
		err = errors.WithStack(e)
	}
	return err
}
