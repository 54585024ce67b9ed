package data

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize/atomicfile"
)

// finishShard completes a file and returns its description.
func (w *shardWriter) finishShard(t *tokenWriter, documents int) (Shard, error) {
	s := Shard{File: filepath.Base(t.path), Documents: documents, Tokens: t.count, Width: t.width, Largest: t.maxID, Sum: t.sum}
	return s, t.finish(shardKey(w.Fingerprint, w.End))
}

// save completes the shard and then saves the state.
func (w *shardWriter) save() error {
	s, err := w.finishShard(w.shard, w.documents)
	if err != nil {
		return err
	}
	w.shard = nil
	w.state.Shards = append(w.state.Shards, s)
	for _, j := range []struct {
		journal *journal
		size    *int64
	}{{w.held, &w.state.Held}, {w.hashes, &w.state.Hashes}, {w.bad, &w.state.BadText}} {
		if *j.size, err = j.journal.sync(); err != nil {
			return err
		}
	}
	return writeJSON(filepath.Join(w.Out, stateFile), w.state)
}

// finish completes the last shards, describes the folder and removes the files of the unfinished folder.
func (w *shardWriter) finish() (Report, error) {
	err := w.end()
	if err == nil && w.shard != nil {
		err = w.save()
	}
	if err != nil {
		return w.state.Report, err
	}
	r := w.state.Report
	if len(w.state.Shards) == 0 {
		return r, errors.Errorf("%d documents, %d of them held out, leave none to learn from", r.Documents, r.HeldOut)
	}
	m := manifest{Format: w.Format, Fingerprint: w.Fingerprint, End: w.End, Settings: w.state.Settings, Learning: w.state.Shards, Report: r}
	if m.Held, err = w.writeHeld(); err != nil {
		return r, err
	}
	if _, err := w.bad.sync(); err != nil {
		return r, err
	}
	if err := writeJSON(filepath.Join(w.Out, ShardsFile), m); err != nil {
		return r, err
	}
	w.close()
	for _, name := range []string{stateFile, heldJournal, hashJournal} {
		if err := os.Remove(filepath.Join(w.Out, name)); err != nil {
			return r, errors.WithStack(err)
		}
	}
	if r.Bad == 0 {
		os.Remove(filepath.Join(w.Out, badJournal)) // empty
	}
	return r, nil
}

// writeHeld writes the held-out ids into shards, which end with a document as the others do.
func (w *shardWriter) writeHeld() ([]Shard, error) {
	h := heldWriter{shardWriter: w, ids: make([]int32, 0, 1<<14)}
	defer func() {
		if h.file != nil {
			h.file.abandon()
		}
	}()
	err := w.held.read(4, func(b []byte) error { return h.add(int32(binary.LittleEndian.Uint32(b))) })
	if err == nil && (h.file != nil || len(h.ids) > 0) {
		err = h.finish()
	}
	return h.list, err
}

// heldWriter writes held-out shards.
type heldWriter struct {
	*shardWriter
	list      []Shard
	file      *tokenWriter
	documents int // in file
	ids       []int32
}

// add adds an id.
func (h *heldWriter) add(id int32) error {
	h.ids = append(h.ids, id)
	count := len(h.ids)
	if h.file != nil {
		count += h.file.count
	}
	if id == h.End {
		h.documents++
		if count >= h.ShardSize {
			return h.finish()
		}
	}
	if len(h.ids) == cap(h.ids) {
		return h.flush()
	}
	return nil
}

// flush writes the ids so far to the file.
func (h *heldWriter) flush() (err error) {
	if h.file == nil {
		if h.file, err = createTokens(valPath(h.Out, len(h.list)), h.Format, 2); err != nil {
			return err
		}
	}
	err = h.file.write(h.ids)
	h.ids = h.ids[:0]
	return err
}

// finish completes the file.
func (h *heldWriter) finish() error {
	if err := h.flush(); err != nil {
		return err
	}
	s, err := h.finishShard(h.file, h.documents)
	h.list, h.file, h.documents = append(h.list, s), nil, 0
	return err
}

// close closes the journals and removes the unfinished shard. The complete shards stay.
func (w *shardWriter) close() {
	if w.shard != nil {
		w.shard.abandon()
		w.shard = nil
	}
	for _, j := range []*journal{w.held, w.hashes, w.bad} {
		j.close()
	}
}

// writeJSON writes a value as an indented JSON file.
func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return errors.WithStack(err)
	}
	return atomicfile.Write(path, append(b, '\n'))
}
