package data

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// chunk is records that one worker encodes.
type chunk struct {
	records    []chunkRecord
	data       []byte  // of all records
	ids        []int32 // of all documents, after encoding
	err        error   // fatal
	failed     int     // record of err
	done       chan struct{}
	begin, end int64 // position in all files before and after the chunk
}

// chunkRecord is a record and, after encoding, its document.
type chunkRecord struct {
	file, line int
	from, to   int // in data
	more       bool
	err        error // bad

	ids     [2]int // begin and end in ids
	bytes   int    // of the text; 0 for an empty document
	unknown int
	hash    [16]byte // of the text, if duplicates are left out
}

// chunkSize is the number of bytes from which a chunk is complete.
const chunkSize = 1 << 20

func (c *chunk) size() int { return len(c.data) }

// room bounds the bytes of all chunks.
type room struct {
	mu   sync.Mutex
	free sync.Cond
	used int
}

// mostRoom is the number of bytes of chunks at a time. A larger chunk is alone.
const mostRoom = 64 << 20

func newRoom() *room {
	r := &room{}
	r.free.L = &r.mu
	return r
}

func (r *room) take(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.used > 0 && r.used+n > mostRoom {
		r.free.Wait()
	}
	r.used += n
}

func (r *room) release(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used -= n
	r.free.Signal()
}

// chunkReader reads files into chunks.
type chunkReader struct {
	documents     Documents
	files         []textfile.File
	jobs, ordered chan *chunk
	room          *room
	position      func() int64 // in the current file
	before        int64        // bytes of the files before the current one
	next          *chunk
}

// run sends all chunks from a record of a file on to both channels, and closes them.
func (r *chunkReader) run(ctx context.Context, file, record int) {
	defer close(r.ordered)
	defer close(r.jobs)
	r.documents.opened = func(f *textfile.Reader) { r.position = f.Offset }
	for i, f := range r.files {
		skip := 0
		if i == file {
			skip = record
		}
		if i >= file && !r.read(ctx, i, skip) {
			return
		}
		r.before += f.Size
	}
	r.send(ctx)
}

// read reads a file and skips its first records. It returns false if ctx is cancelled.
func (r *chunkReader) read(ctx context.Context, file, skip int) bool {
	r.position = func() int64 { return 0 }
	path := r.files[file].Path
	for rec := range r.documents.format(path).Records(path, r.documents) {
		if skip > 0 {
			if skip--; skip&1023 == 0 && ctx.Err() != nil {
				return false
			}
			continue
		}
		c := r.next
		if c == nil {
			c = &chunk{done: make(chan struct{}), begin: r.before + r.position()}
			r.next = c
		}
		from := len(c.data)
		c.data = append(c.data, rec.Data...)
		c.records = append(c.records, chunkRecord{file: file, line: rec.Line, from: from, to: len(c.data), more: rec.More, err: rec.Err})
		if (len(c.data) >= chunkSize || len(c.records) >= chunkSize/64) && !r.send(ctx) {
			return false
		}
	}
	return true
}

// send sends the current chunk. It returns false if ctx is cancelled.
func (r *chunkReader) send(ctx context.Context) bool {
	c := r.next
	if c == nil {
		return ctx.Err() == nil
	}
	r.next = nil
	c.end = r.before
	if r.position != nil {
		c.end += r.position()
	}
	r.room.take(c.size())
	for _, to := range []chan *chunk{r.ordered, r.jobs} {
		select {
		case to <- c:
		case <-ctx.Done():
			r.room.release(c.size())
			return false
		}
	}
	return true
}

// encodeChunk encodes all documents of a chunk.
func (p Preparation) encodeChunk(c *chunk, files []textfile.File) {
	for i := range c.records {
		r := &c.records[i]
		if r.err != nil {
			continue
		}
		var text string
		if text, r.err = p.Documents.text(files[r.file].Path, c.data[r.from:r.to]); r.err != nil || isEmpty(text) {
			continue
		}
		if p.Duplicates > 0 {
			sum := sha256.Sum256([]byte(text))
			r.hash = [16]byte(sum[:])
		}
		r.bytes, r.ids[0] = len(text), len(c.ids)
		if c.ids, c.err = p.appendBlocks(c.ids, text); c.err != nil {
			c.err, c.failed = errors.WithMessagef(c.err, "encode %s:%d", files[r.file].Path, r.line), i
			return
		}
		r.ids[1] = len(c.ids)
		if p.Unknown < 0 {
			continue
		}
		for _, id := range c.ids[r.ids[0]:] {
			if id == p.Unknown {
				r.unknown++
			}
		}
	}
}

// appendBlocks encodes a text in blocks as Text does.
func (p Preparation) appendBlocks(ids []int32, text string) (_ []int32, err error) {
	from := len(ids)
	for len(text) > 0 {
		n := len(text)
		if n > textBlock {
			n = cutPoint([]byte(text[:textBlock+1]))
		}
		if ids, err = p.Encoder.AppendEncode(ids, text[:n]); err != nil {
			return ids, err
		}
		text = text[n:]
	}
	if i := slices.IndexFunc(ids[from:], func(id int32) bool { return id < 0 }); i >= 0 {
		return ids, errors.Errorf("id %d is negative", ids[from+i])
	}
	return ids, nil
}
