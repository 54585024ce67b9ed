package textfile

import (
	"bufio"
	"compress/gzip"
	"io"

	"github.com/pkg/errors"
)

// members reads a gzip file: one member after another, then zeros that pad it. Other bytes at the end are an error.
type members struct {
	in    *bufio.Reader
	unzip *gzip.Reader
}

func newMembers(r io.Reader) (*members, error) {
	m := &members{in: bufio.NewReader(r)}
	var err error
	if m.unzip, err = gzip.NewReader(m.in); err != nil {
		return nil, err
	}
	m.unzip.Multistream(false)
	return m, nil
}

// Read implements io.Reader.
func (m *members) Read(p []byte) (int, error) {
	for {
		n, err := m.unzip.Read(p)
		if err == io.EOF {
			err = m.next()
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// next begins the next member. It returns io.EOF if there is none.
func (m *members) next() error {
	head, err := m.in.Peek(2)
	if len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		if err := m.unzip.Reset(m.in); err != nil {
			if err == io.EOF {
				return io.ErrUnexpectedEOF
			}
			return err
		}
		m.unzip.Multistream(false)
		return nil
	}
	for {
		c, e := m.in.ReadByte()
		switch {
		case e == io.EOF && (err == nil || err == io.EOF):
			return io.EOF
		case e != nil:
			return e
		case c != 0:
			return errors.New("other bytes follow the end of the gzip data: cut them off")
		}
	}
}
