package onnx

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize/atomicfile"
)

const (
	pageSize  = 4096 // data in a second file starts at multiples of it, so that it can be mapped
	smallData = 1024 // bytes up to which a tensor stays in the first file: programs read shapes without the second
)

// Save writes the model to the file path. If it exceeds MaxFile, its weights are in path with ".data" appended, in the same folder. Files
// appear complete: if the process is killed between two renames, there is no model under path, but never one with other weights.
func (m *Model) Save(path string) (err error) {
	defer func() { err = errors.WithMessagef(err, "onnx: %s", path) }()
	if err := m.check(); err != nil {
		return err
	}
	largest := m.MaxFile
	if largest <= 0 {
		largest = math.MaxInt32
	}
	l := m.layout("")
	if l.size > largest {
		if l = m.layout(filepath.Base(path) + ".data"); l.size > math.MaxInt32 {
			return errors.Errorf("%d bytes without the weights: a file can have %d", l.size, math.MaxInt32)
		}
	}
	return l.save(path)
}

// layout is the content of a Model's files.
type layout struct {
	first  []part // of the file
	second []part // of the file with external data; empty if there is none
	size   int64  // of the first file
	filled int64  // bytes of the second file
}

// part is encoded bytes or the data of a tensor.
type part struct {
	bytes []byte
	data  any
}

// layout lays out the files. Data that exceeds smallData is in file, unless file is empty.
func (m *Model) layout(file string) *layout {
	l := &layout{}
	graph := l.weights(m.Weights, file)
	var nodes message
	for _, n := range m.Nodes {
		nodes = nodes.sub(1, n.encode())
	}
	nodes = nodes.text(2, m.Name)
	for _, v := range m.Inputs {
		nodes = nodes.sub(11, v.encode())
	}
	for _, v := range m.Outputs {
		nodes = nodes.sub(12, v.encode())
	}
	head := message(nil).int(1, irVersions[m.Opset-FirstOpset]).text(2, "gorgoformer")
	head = head.sub(8, message(nil).text(1, "").int(2, int64(m.Opset)))
	head = head.head(7, graph+int64(len(nodes)))
	l.first = append([]part{{bytes: head}, {bytes: nodes}}, l.first...)
	l.size = int64(len(head)) + int64(len(nodes)) + graph
	return l
}

// weights lays out the initializers and returns their size in the first file.
func (l *layout) weights(ts []Tensor, file string) (total int64) {
	for _, t := range ts {
		m, n := t.encode(), t.bytes()
		external := file != "" && n > smallData
		if external {
			l.pad()
			m = m.external(file, l.filled, n)
			l.second, l.filled = append(l.second, part{data: t.Data}), l.filled+n
			n = 0
		} else {
			m = m.head(9, n)
		}
		m = append(message(nil).head(5, int64(len(m))+n), m...)
		l.first, total = append(l.first, part{bytes: m}), total+int64(len(m))+n
		if !external {
			l.first = append(l.first, part{data: t.Data})
		}
	}
	return total
}

// pad fills the second file up to a multiple of pageSize.
func (l *layout) pad() {
	if rest := l.filled % pageSize; rest > 0 {
		l.second = append(l.second, part{bytes: make([]byte, pageSize-rest)})
		l.filled += pageSize - rest
	}
}

// save writes the files. A model with external data is removed before its data is replaced.
func (l *layout) save(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return errors.New("the name belongs to a folder: want a file")
	}
	first, err := create(path, l.first)
	if err != nil {
		return err
	}
	defer first.Abandon()
	if len(l.second) > 0 {
		second, err := create(path+".data", l.second)
		if err != nil {
			return err
		}
		defer second.Abandon()
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return errors.WithStack(err)
		}
		if err := second.Commit(); err != nil {
			return err
		}
	}
	return first.Commit()
}

// create writes a file under a hidden name.
func create(path string, parts []part) (*atomicfile.File, error) {
	f, err := atomicfile.Create(path)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(f, 64<<10)
	for _, p := range parts {
		if err == nil {
			err = p.write(w)
		}
	}
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		f.Abandon()
		return nil, errors.Wrap(err, "write")
	}
	return f, nil
}

// write writes encoded bytes, or data in little-endian order.
func (p part) write(w io.Writer) error {
	if p.data == nil {
		_, err := w.Write(p.bytes)
		return err
	}
	switch d := p.data.(type) {
	case []float32:
		return inPieces(w, d)
	case []float64:
		return inPieces(w, d)
	case []int32:
		return inPieces(w, d)
	case []int64:
		return inPieces(w, d)
	}
	return binary.Write(w, binary.LittleEndian, p.data)
}

// inPieces writes data in pieces, because binary.Write makes a copy.
func inPieces[T any](w io.Writer, data []T) error {
	for len(data) > 0 {
		n := min(len(data), 16<<10)
		if err := binary.Write(w, binary.LittleEndian, data[:n]); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}
