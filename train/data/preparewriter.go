package data

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// The files of an unfinished folder, next to its shards. All but the state only grow; the state has their lengths after its last shard.
const (
	stateFile   = ".state.json"
	heldJournal = ".held-out" // ids of the held-out documents, four bytes each
	hashJournal = ".hashes"   // hashes of the documents, 16 bytes each
	badJournal  = "bad.txt"   // places and reasons of bad records, one a line
)

// prepareState is the state of a Preparation after its last complete shard.
type prepareState struct {
	Settings string  `json:"settings"`
	Shards   []Shard `json:"shards"`
	File     int     `json:"file"`   // the next record: its file
	Record   int     `json:"record"` // and its number in the file
	Held     int64   `json:"held"`   // lengths of the journals
	Hashes   int64   `json:"hashes"`
	BadText  int64   `json:"bad_text"`
	Report   Report  `json:"report"`
}

// shardWriter writes encoded documents into shards.
type shardWriter struct {
	Preparation
	state             prepareState
	held, hashes, bad *journal
	seen              *hashSet // nil keeps duplicates
	shard             *tokenWriter
	documents         int // in the shard

	open   bool // the last document continues
	drop   bool // the open document is left out
	toHeld bool // the open document is held out
	length int  // tokens of the open document
	place  string
	draws  kernel.Seed
}

// resume returns a writer that continues after the last complete shard in the folder, if there is one.
func (p Preparation) resume(settings string) (w *shardWriter, err error) {
	w = &shardWriter{Preparation: p, state: prepareState{Settings: settings}, draws: kernel.Seed{Key: kernel.Key(p.Seed, "held out")}}
	b, err := os.ReadFile(filepath.Join(p.Out, stateFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := p.refuseOthers(); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, errors.WithStack(err)
	case json.Unmarshal(b, &w.state) != nil:
		return nil, errors.Errorf("%s is damaged: remove %s and start again", filepath.Join(p.Out, stateFile), p.Out)
	case w.state.Settings != settings:
		return nil, errors.Errorf("%s holds an unfinished corpus of other files or settings: choose another folder, or remove it", p.Out)
	}
	if err := p.removeTemporary(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	for _, j := range []struct {
		to   **journal
		name string
		size int64
	}{{&w.held, heldJournal, w.state.Held}, {&w.hashes, hashJournal, w.state.Hashes}, {&w.bad, badJournal, w.state.BadText}} {
		if *j.to, err = openJournal(filepath.Join(p.Out, j.name), j.size); err != nil {
			return nil, err
		}
	}
	if p.Duplicates > 0 {
		w.seen = newHashSet(p.Duplicates)
		err = w.hashes.read(16, func(b []byte) error { _, err := w.seen.add([16]byte(b)); return err })
	}
	return w, err
}

// refuseOthers returns an error if the folder holds files that a new Preparation would overwrite.
func (p Preparation) refuseOthers() error {
	for _, pattern := range []string{"train-*.bin", "val-*.bin", badJournal} {
		if found, _ := filepath.Glob(filepath.Join(p.Out, pattern)); len(found) > 0 {
			state := filepath.Join(p.Out, stateFile)
			if len(found) == 1 && found[0] == filepath.Join(p.Out, badJournal) {
				continue // killed before the first state
			}
			return errors.Errorf("%s exists, but neither %s nor %s: choose another folder, or remove it", found[0], ShardsFile, state)
		}
	}
	return nil
}

// removeTemporary removes the unfinished files of a killed run.
func (p Preparation) removeTemporary() error {
	entries, err := os.ReadDir(p.Out)
	if err != nil {
		return errors.WithStack(err)
	}
	for _, e := range entries {
		for _, prefix := range []string{".train-", ".val-", "." + stateFile + ".", "." + ShardsFile + "."} {
			if strings.HasPrefix(e.Name(), prefix) {
				if err := os.Remove(filepath.Join(p.Out, e.Name())); err != nil {
					return errors.WithStack(err)
				}
			}
		}
	}
	return nil
}

// write writes the documents of a chunk.
func (w *shardWriter) write(c *chunk, files []textfile.File) error {
	for i := range c.records {
		r := &c.records[i]
		if r.file != w.state.File {
			if err := w.end(); err != nil { // a document ends with its file
				return err
			}
			w.state.File, w.state.Record = r.file, 0
		}
		if c.err != nil && i == c.failed {
			return c.err
		}
		w.state.Record++
		if err := w.record(r, c.ids[r.ids[0]:r.ids[1]], files[r.file].Path); err != nil {
			return err
		}
	}
	return nil
}

// record writes a record and its ids.
func (w *shardWriter) record(r *chunkRecord, ids []int32, path string) error {
	if r.err != nil {
		text := describeBad(path, r.line, r.err)
		w.bad.write([]byte(text + "\n"))
		bad := badRecords{n: w.state.Report.Bad, most: w.Documents.MaxBad}
		err := bad.add(path, r.line, r.err)
		w.state.Report.Bad = bad.n
		if err != nil {
			return err
		}
		return w.end()
	}
	if !w.open {
		if r.bytes == 0 {
			if !r.more {
				w.state.Report.Empty++
			}
			return nil
		}
		if err := w.begin(r, fmt.Sprintf("%s:%d", path, r.line)); err != nil {
			return err
		}
	}
	if !w.drop {
		w.state.Report.Bytes += r.bytes
		w.state.Report.Unknown += r.unknown
		if err := w.ids(ids); err != nil {
			return err
		}
	}
	if r.more {
		return nil
	}
	return w.end()
}

// begin begins a document.
func (w *shardWriter) begin(r *chunkRecord, place string) error {
	w.open, w.drop, w.length = true, false, 0
	if w.seen != nil && !r.more {
		isNew, err := w.seen.add(r.hash)
		if err != nil {
			return errors.WithMessage(err, place)
		}
		if w.drop = !isNew; w.drop {
			w.state.Report.Duplicates++
			return nil
		}
		w.hashes.write(r.hash[:])
	}
	w.toHeld = w.draws.Uniform(uint64(w.state.Report.Documents)) < w.HeldOut
	w.state.Report.Documents++
	if w.toHeld {
		w.state.Report.HeldOut++
	}
	w.place = place
	return nil
}

// ids appends ids of the open document.
func (w *shardWriter) ids(ids []int32) error {
	w.length += len(ids)
	w.state.Report.Tokens += len(ids)
	if w.toHeld {
		w.held.writeIDs(ids)
		return nil
	}
	if w.shard == nil {
		var err error
		if w.shard, err = createTokens(trainPath(w.Out, len(w.state.Shards)), w.Format, 2); err != nil {
			return err
		}
		w.documents = 0
	}
	return w.shard.write(ids)
}

// end ends the open document, and the shard if it is full.
func (w *shardWriter) end() error {
	if !w.open {
		return nil
	}
	w.open = false
	if w.drop {
		return nil
	}
	if err := w.ids([]int32{w.End}); err != nil {
		return err
	}
	report := &w.state.Report
	report.Lengths[lengthBin(w.length)]++
	if w.length > report.Longest {
		report.Longest, report.LongestAt = w.length, w.place
	}
	if w.toHeld {
		return nil
	}
	if w.documents++; w.shard.count < w.ShardSize {
		return nil
	}
	return w.save()
}
