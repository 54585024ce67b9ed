package data

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"

	"github.com/pkg/errors"
)

// journal is a file that only grows. A writer that was killed returns to a length that it had synced.
type journal struct {
	file *os.File
	w    *bufio.Writer
	size int64
	safe int64 // length that is synced
	err  error // of the first failed write
}

// openJournal opens or creates a journal and cuts it to a length.
func openJournal(path string, size int64) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	info, err := f.Stat()
	if err == nil && info.Size() < size {
		err = errors.Errorf("%s has %d bytes, want %d: it is damaged: remove the folder and start again", path, info.Size(), size)
	}
	if err == nil {
		err = f.Truncate(size)
	}
	if err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, errors.WithStack(err)
	}
	return &journal{file: f, w: bufio.NewWriterSize(f, 1<<16), size: size, safe: size}, nil
}

// write appends b. sync returns its error.
func (j *journal) write(b []byte) {
	if j.err == nil {
		_, j.err = j.w.Write(b)
		j.size += int64(len(b))
	}
}

// writeIDs appends ids of four bytes each.
func (j *journal) writeIDs(ids []int32) {
	var b [4]byte
	for _, id := range ids {
		binary.LittleEndian.PutUint32(b[:], uint32(id))
		j.write(b[:])
	}
}

// sync makes the journal durable and returns its length.
func (j *journal) sync() (int64, error) {
	if j.safe == j.size {
		return j.size, nil
	}
	if j.err == nil {
		j.err = j.w.Flush()
	}
	if j.err == nil {
		j.err = j.file.Sync()
	}
	j.safe = j.size
	return j.size, errors.WithStack(j.err)
}

// read calls f for every n bytes of the journal.
func (j *journal) read(n int, f func([]byte) error) error {
	if err := j.w.Flush(); err != nil {
		return errors.WithStack(err)
	}
	in, b := bufio.NewReaderSize(io.NewSectionReader(j.file, 0, j.size), 1<<16), make([]byte, n)
	for {
		if _, err := io.ReadFull(in, b); err == io.EOF {
			return nil
		} else if err != nil {
			return errors.Wrap(err, j.file.Name())
		}
		if err := f(b); err != nil {
			return err
		}
	}
}

// close closes the file. A nil journal is closed.
func (j *journal) close() {
	if j != nil {
		j.file.Close()
	}
}
