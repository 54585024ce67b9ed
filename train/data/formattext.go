package data

import (
	"bufio"
	"bytes"
	"io"
	"iter"
	"strings"
	"sync"
)

// PlainText is a Format of running text. A file is one document, or several with a line between them. A document of any length is read
// in records of at most 16 MiB, which end where Text ends its blocks.
type PlainText struct {
	Separator string // line between documents, such as "<|endoftext|>"; "" means that a file is one document
}

// Document implements Format.
func (PlainText) Document(record []byte) (string, error) { return string(record), checkUTF8(record) }

// Records implements Format.
func (f PlainText) Records(path string, d Documents) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		r, err := d.openText(path)
		if err != nil {
			yield(Record{Err: err})
			return
		}
		defer r.Close()
		if f.Separator == "" {
			wholeText(r, yield)
			return
		}
		separated(r, f.Separator, yield)
	}
}

// textBuffers holds buffers for blocks, so that many small files share one.
var textBuffers = sync.Pool{New: func() any { b := make([]byte, textBlock+1); return &b }}

// wholeText yields the blocks of one document.
func wholeText(r io.Reader, yield func(Record) bool) {
	buf := textBuffers.Get().(*[]byte)
	defer textBuffers.Put(buf)
	b := blocks{r: r, buf: *buf}
	for {
		block, err := b.next()
		if err == io.EOF {
			return
		}
		if err != nil {
			yield(Record{Err: err})
			return
		}
		if !yield(Record{Line: 1, Data: block, More: b.kept > 0}) {
			return
		}
	}
}

// separated yields the documents between lines that equal separator.
func separated(r io.Reader, separator string, yield func(Record) bool) {
	in := bufio.NewReaderSize(r, 1<<16)
	doc := Record{Line: 1}
	for line := 1; ; line++ {
		text, err := lineOf(in)
		if err != nil && err != io.EOF {
			yield(Record{Line: line, Err: err})
			return
		}
		ends := strings.TrimRight(text, "\r\n") == separator
		if !ends {
			doc.Data = append(doc.Data, text...)
		}
		if ends || err == io.EOF {
			whole := doc
			if ends { // the line end in front of the separator belongs to it
				whole.Data = bytes.TrimSuffix(doc.Data, []byte("\n"))
			}
			if len(whole.Data) > 0 && !yield(whole) || err == io.EOF {
				return
			}
			doc = Record{Line: line + 1, Data: doc.Data[:0]}
		} else if len(doc.Data) > textBlock {
			n := cutPoint(doc.Data)
			if !yield(Record{Line: doc.Line, Data: doc.Data[:n], More: true}) {
				return
			}
			doc.Data = append(doc.Data[:0], doc.Data[n:]...)
		}
	}
}

// lineOf returns the next line with its end, or the next part of a line that is longer than a block.
func lineOf(in *bufio.Reader) (string, error) {
	var line []byte
	for len(line) < textBlock {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if err != bufio.ErrBufferFull {
			return string(line), err
		}
	}
	return string(line), nil
}
