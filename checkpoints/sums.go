package checkpoints

import (
	"encoding/json"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
)

// castagnoli is CRC-32C (RFC 3720, appendix B.4), which processors compute in hardware. It detects accidents, not forgeries: every
// change within 32 consecutive bits, and all but one in 4·10⁹ of other changes.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func newSum() hash.Hash32 { return crc32.New(castagnoli) }

// stored is the size and the checksum of a written file.
type stored struct {
	Bytes int64 `json:"bytes"`
	CRC   crc   `json:"crc32c"`
}

// crc is a checksum. In JSON it has eight hexadecimal digits.
type crc uint32

func (c crc) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, `"%08x"`, uint32(c)), nil }

func (c *crc) UnmarshalJSON(text []byte) error {
	var digits string
	if err := json.Unmarshal(text, &digits); err != nil {
		return err
	}
	var v uint32
	if n, err := fmt.Sscanf(digits, "%08x", &v); n != 1 || err != nil || fmt.Sprintf("%08x", v) != digits {
		return errors.Errorf("checksum %.20q, want 8 hexadecimal digits in lower case", digits)
	}
	*c = crc(v)
	return nil
}

// contents is a folder that is being written, with its files so far.
type contents struct {
	dir   string
	files map[string]stored
}

func newContents(dir string) *contents { return &contents{dir, map[string]stored{}} }

// write writes and syncs a new file.
func (c *contents) write(name string, write func(w io.Writer) error) error {
	s, err := writeSynced(filepath.Join(c.dir, name), write)
	c.files[name] = s
	return errors.WithMessage(err, name)
}

// checkSum reads a file and compares its size and checksum with want.
func checkSum(path string, want stored) error {
	f, err := os.Open(path)
	if err != nil {
		return errors.WithStack(err)
	}
	defer f.Close()
	sum := newSum()
	n, err := io.CopyBuffer(struct{ io.Writer }{sum}, struct{ io.Reader }{f}, make([]byte, min(max(want.Bytes, 1), 256<<10)))
	if err != nil {
		return errors.Wrap(err, path)
	}
	if got := (stored{n, crc(sum.Sum32())}); got != want {
		return errors.Errorf("%s: checksum %08x of %d bytes, it was saved with %08x of %d: the file is damaged", path, uint32(got.CRC), got.Bytes, uint32(want.CRC), want.Bytes)
	}
	return nil
}
