package report

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pkg/errors"
	"google.golang.org/protobuf/encoding/protowire"
)

// Events is an event file of TensorBoard, with a scalar for each value. Its records are as in TensorFlow's record_writer.h: the length
// of the data as uint64, a masked CRC-32C of the length, the data, and a masked CRC-32C of the data.
type Events struct {
	path   string
	file   *os.File
	record []byte
}

// version begins an event file.
const version = "brain.Event:2"

// OpenEvents opens the event file in a folder to continue after a step, or makes one: events.out.tfevents.<seconds>.<host>. It cuts off
// the records of later steps, which a resumed run repeats, and an incomplete last record. With step 0 only the first record remains. If
// the file is damaged, OpenEvents returns an error and does not change it.
func OpenEvents(dir string, step int) (*Events, error) {
	found, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*"))
	if err != nil {
		return nil, errors.Wrap(err, "report")
	}
	if len(found) == 0 {
		host, err := os.Hostname()
		if err != nil {
			host = "localhost"
		}
		found = []string{filepath.Join(dir, fmt.Sprintf("events.out.tfevents.%010d.%s", time.Now().Unix(), filepath.Base(host)))}
	}
	slices.Sort(found)
	e := &Events{path: found[len(found)-1]}
	if e.file, err = os.OpenFile(e.path, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return nil, errors.Wrap(err, "report")
	}
	if err := e.cut(step); err != nil {
		e.file.Close()
		return nil, errors.WithMessagef(err, "report: %s", e.path)
	}
	return e, nil
}

// cut removes the records of later steps, and writes the first record of a new file.
func (e *Events) cut(step int) error {
	b, end := bufio.NewReader(e.file), int64(0)
	for {
		data, err := readRecord(b)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break // a killed run leaves an incomplete last record
		} else if err != nil {
			return errors.WithMessagef(err, "record at byte %d", end)
		}
		if s, err := stepOf(data); err != nil {
			return errors.WithMessagef(err, "record at byte %d", end)
		} else if s > step || step == 0 && end > 0 {
			break
		}
		end += int64(len(data)) + 16
	}
	if err := cutAt(e.file, end); err != nil {
		return err
	}
	if end > 0 {
		return nil
	}
	event := protowire.AppendString(protowire.AppendTag(wallTime(nil), 3, protowire.BytesType), version)
	return e.write(event)
}

// readRecord reads a record. The error is io.EOF at the end of the file, and io.ErrUnexpectedEOF within the last record.
func readRecord(r io.Reader) ([]byte, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(head[:])
	if masked(head[:8]) != binary.LittleEndian.Uint32(head[8:]) || n > 1<<30 {
		return nil, errors.Errorf("its length is damaged: move the file away")
	}
	data := make([]byte, n+4)
	if _, err := io.ReadFull(r, data); err == io.EOF {
		return nil, io.ErrUnexpectedEOF
	} else if err != nil {
		return nil, err
	}
	if masked(data[:n]) != binary.LittleEndian.Uint32(data[n:]) {
		return nil, errors.Errorf("its data are damaged: move the file away")
	}
	return data[:n], nil
}

// stepOf returns the step of an event, field 2.
func stepOf(event []byte) (int, error) {
	for len(event) > 0 {
		number, kind, n := protowire.ConsumeTag(event)
		if n < 0 {
			return 0, errors.Wrap(protowire.ParseError(n), "event")
		}
		event = event[n:]
		if number == 2 && kind == protowire.VarintType {
			v, n := protowire.ConsumeVarint(event)
			return int(v), errors.Wrap(protowire.ParseError(min(n, 0)), "event")
		}
		if n = protowire.ConsumeFieldValue(number, kind, event); n < 0 {
			return 0, errors.Wrap(protowire.ParseError(n), "event")
		}
		event = event[n:]
	}
	return 0, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked returns the CRC-32C of data as TensorFlow stores it, so that a checksum of a checksum is no special case.
func masked(data []byte) uint32 {
	c := crc32.Checksum(data, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}

// wallTime appends field 1 of an event, the time in seconds.
func wallTime(b []byte) []byte {
	b = protowire.AppendTag(b, 1, protowire.Fixed64Type)
	return protowire.AppendFixed64(b, math.Float64bits(float64(time.Now().UnixMicro())/1e6))
}

// Record implements Recorder. The event has the fields wall_time 1, step 2 and summary 5, the summary a value 1 for each scalar, with tag
// 1 and simple_value 2.
func (e *Events) Record(step int, values []Value) error {
	var summary []byte
	for _, v := range values {
		if v.Value-v.Value != 0 {
			continue
		}
		value := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), v.Name)
		value = protowire.AppendTag(value, 2, protowire.Fixed32Type)
		value = protowire.AppendFixed32(value, math.Float32bits(float32(v.Value)))
		summary = protowire.AppendBytes(protowire.AppendTag(summary, 1, protowire.BytesType), value)
	}
	event := protowire.AppendVarint(protowire.AppendTag(wallTime(nil), 2, protowire.VarintType), uint64(step))
	return e.write(protowire.AppendBytes(protowire.AppendTag(event, 5, protowire.BytesType), summary))
}

// write writes a record.
func (e *Events) write(data []byte) error {
	b := binary.LittleEndian.AppendUint64(e.record[:0], uint64(len(data)))
	b = binary.LittleEndian.AppendUint32(b, masked(b))
	b = append(b, data...)
	e.record = binary.LittleEndian.AppendUint32(b, masked(data))
	_, err := e.file.Write(e.record)
	return errors.Wrapf(err, "report: %s", e.path)
}

// Sync implements Recorder.
func (e *Events) Sync() error { return errors.Wrapf(e.file.Sync(), "report: %s", e.path) }

// Close implements Recorder.
func (e *Events) Close() error { return errors.Wrapf(e.file.Close(), "report: %s", e.path) }
