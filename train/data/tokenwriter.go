package data

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/gorgoformer/gorgoformer/tokenize/atomicfile"
	"github.com/pkg/errors"
)

// tokenWriter writes a token file under a hidden name and renames it when it is complete. It begins with ids of two bytes and
// changes to four bytes at the first id that does not fit.
type tokenWriter struct {
	tokenHeader
	format  TokenFormat
	path    string
	file    *atomicfile.File
	w       *bufio.Writer
	scratch []byte
}

func createTokens(path string, format TokenFormat, width int) (*tokenWriter, error) {
	f, err := atomicfile.Create(path)
	if err != nil {
		return nil, errors.WithMessage(err, "create token file")
	}
	w := &tokenWriter{tokenHeader: tokenHeader{start: format.header(), width: width}, format: format, path: path, file: f, w: bufio.NewWriterSize(f, 1<<16)}
	if _, err := w.w.Write(make([]byte, w.start)); err != nil {
		w.abandon()
		return nil, errors.Wrapf(err, "write token file %s", path)
	}
	return w, nil
}

// abandon removes the unfinished file. After finish it does nothing.
func (w *tokenWriter) abandon() { w.file.Abandon() }

// write appends ids. The caller has checked that none is negative.
func (w *tokenWriter) write(ids []int32) error {
	for _, id := range ids {
		w.maxID = max(w.maxID, id)
	}
	if w.width == 2 && w.maxID > math.MaxUint16 {
		if w.format == NanoGPT {
			return errors.Errorf("token file %s: id %d does not fit nanoGPT's two bytes: choose another format", w.path, w.maxID)
		}
		if err := w.widen(); err != nil {
			return err
		}
	}
	b := w.scratch[:0]
	for _, id := range ids {
		if w.width == 2 {
			b = binary.LittleEndian.AppendUint16(b, uint16(id))
		} else {
			b = binary.LittleEndian.AppendUint32(b, uint32(id))
		}
	}
	w.scratch, w.sum = b, crc32.Update(w.sum, castagnoli, b)
	w.count += len(ids)
	_, err := w.w.Write(b)
	return errors.Wrapf(err, "write token file %s", w.path)
}

// widen copies all ids so far into a file with ids of four bytes.
func (w *tokenWriter) widen() error {
	if err := w.w.Flush(); err != nil {
		return errors.Wrapf(err, "write token file %s", w.path)
	}
	wide, err := createTokens(w.path, w.format, 4)
	if err != nil {
		return err
	}
	buf, ids := make([]byte, 1<<16), make([]int32, 1<<15)
	for done := 0; done < w.count; {
		n := min(len(ids), w.count-done)
		if _, err := w.file.ReadAt(buf[:2*n], int64(w.start+2*done)); err != nil {
			wide.abandon()
			return errors.Wrapf(err, "read back token file %s", w.path)
		}
		for i := range n {
			ids[i] = int32(binary.LittleEndian.Uint16(buf[2*i:]))
		}
		if err := wide.write(ids[:n]); err != nil {
			wide.abandon()
			return err
		}
		done += n
	}
	wide.maxID = w.maxID
	w.abandon()
	*w = *wide
	return nil
}

// finish writes the header and renames the file to its final name.
func (w *tokenWriter) finish(key [32]byte) error {
	w.key = key
	header, err := w.format.bytes(w.tokenHeader)
	if err != nil {
		return errors.WithMessagef(err, "token file %s", w.path)
	}
	if err = w.w.Flush(); err == nil {
		_, err = w.file.WriteAt(header, 0)
	}
	if err != nil {
		return errors.Wrapf(err, "write token file %s", w.path)
	}
	return errors.WithMessagef(w.file.Commit(), "write token file %s", w.path)
}
