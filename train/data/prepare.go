package data

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// Preparation encodes documents into a folder of shards for OpenShards. A shard holds whole documents, each followed by End.
//
// Run resumes a Preparation that was killed: it keeps the complete shards and writes the others, with the same bits as an uninterrupted
// Run. The shards do not depend on Workers. Memory holds at most 64 MiB of text
// or one longer document, their ids, and the hashes of Duplicates.
type Preparation struct {
	Documents   Documents
	Encoder     Encoder // safe for several goroutines, as the tokenizers of package tokenize are
	Fingerprint string  // identifies the Encoder and its vocabulary
	End         int32   // id after each document, such as that of <|endoftext|>
	Unknown     int32   // id of unknown text, which the Report counts; -1 if there is none

	Out        string      // folder of the shards
	Format     TokenFormat // "" means Own
	ShardSize  int         // tokens from which a shard ends after the current document; 0 means 100 million
	HeldOut    float64     // probability that a document is held out, in val-….bin
	Seed       uint64      // seed of the draw of the documents to hold out
	Duplicates int         // bytes of memory for hashes of documents, of which exact duplicates are left out; 0 keeps duplicates. 64 MiB hold 3 million documents
	Workers    int         // goroutines that encode; 0 means GOMAXPROCS

	Progress func(Progress) // called every second and at the end; nil shows nothing
}

// Progress is the state of a Preparation.
type Progress struct {
	Report
	Read, Size int64 // bytes of the files that are read, and of all files, as they are stored
	Resumed    int64 // Read at the beginning of Run, more than 0 if it resumed
}

// Run prepares the corpus. It returns at once if the folder holds the corpus already, made from files of the same names, sizes and
// modification times with the same settings. If ctx is cancelled, Run returns its error, and a later Run resumes after the last complete shard.
func (p Preparation) Run(ctx context.Context) (Report, error) {
	report, err := p.run(ctx)
	return report, errors.WithMessage(err, "data: prepare")
}

func (p Preparation) run(ctx context.Context) (Report, error) {
	p.Format, p.ShardSize = cmp.Or(p.Format, Own), cmp.Or(p.ShardSize, 100_000_000)
	p.Workers = cmp.Or(p.Workers, runtime.GOMAXPROCS(0))
	if err := p.check(); err != nil {
		return Report{}, err
	}
	files, err := p.Documents.files()
	if err != nil {
		return Report{}, err
	}
	settings := p.settings(files)
	if m, err := readManifest(p.Out); err == nil {
		if m.Settings != settings {
			return Report{}, errors.Errorf("%s holds another corpus, of other files or settings: choose another folder, or remove it", p.Out)
		}
		return m.Report, nil
	}
	if err := os.MkdirAll(p.Out, 0o777); err != nil {
		return Report{}, errors.WithStack(err)
	}
	w, err := p.resume(settings)
	if err != nil {
		return Report{}, err
	}
	defer w.close()
	if err := p.encode(ctx, files, w); err != nil {
		return w.state.Report, err
	}
	return w.finish()
}

// check returns an error for the first invalid field.
func (p Preparation) check() error {
	if err := p.Format.check(); err != nil {
		return err
	}
	switch {
	case p.Encoder == nil:
		return errors.New("the Encoder is nil")
	case p.Fingerprint == "":
		return errors.New("the Fingerprint is missing, which ties the shards to their Encoder")
	case p.End < 0:
		return errors.Errorf("End is %d, want the id of a token", p.End)
	case p.Out == "":
		return errors.New("Out is missing: name a folder")
	case p.ShardSize < 1 || p.Workers < 1 || p.Duplicates < 0:
		return errors.Errorf("ShardSize %d, Workers %d and Duplicates %d, want none negative", p.ShardSize, p.Workers, p.Duplicates)
	case !(p.HeldOut >= 0 && p.HeldOut < 1):
		return errors.Errorf("HeldOut is %v, want at least 0 and less than 1", p.HeldOut)
	}
	return nil
}

// settings returns the hash of everything that the shards depend on, except the bounds of memory and of bad records.
func (p Preparation) settings(files []textfile.File) string {
	h := sha256.New()
	d := p.Documents
	fmt.Fprintf(h, "1 %q %d %d %q %d %v %d %t %q %d\n", p.Fingerprint, p.End, p.Unknown, p.Format, p.ShardSize, p.HeldOut, p.Seed,
		p.Duplicates > 0, d.Encoding, d.longest())
	for _, name := range slices.Sorted(maps.Keys(d.Formats)) {
		fmt.Fprintf(h, "%q %T %+v\n", name, d.Formats[name], d.Formats[name])
	}
	for _, f := range files {
		fmt.Fprintf(h, "%q %d %d\n", absolute(f.Path), f.Size, f.Modified.UnixNano())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// encode reads, encodes and writes all documents after the cursor of w. The documents are written in order.
func (p Preparation) encode(ctx context.Context, files []textfile.File, w *shardWriter) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	jobs, ordered := make(chan *chunk), make(chan *chunk, 2*p.Workers)
	r := chunkReader{documents: p.Documents, files: files, jobs: jobs, ordered: ordered, room: newRoom()}
	go r.run(ctx, w.state.File, w.state.Record)
	for range p.Workers {
		go func() {
			for c := range jobs {
				p.encodeChunk(c, files)
				close(c.done)
			}
		}()
	}
	defer func() { // the reader must not outlive its files
		cancel()
		for c := range ordered {
			r.room.release(c.size()) // the reader may wait for it
		}
	}()
	return p.writeChunks(ctx, &r, w)
}

// writeChunks writes the chunks of a reader and shows the progress.
func (p Preparation) writeChunks(ctx context.Context, r *chunkReader, w *shardWriter) error {
	state := Progress{Size: totalSize(r.files), Resumed: -1}
	shown := time.Now()
	for c := range r.ordered {
		select {
		case <-c.done:
		case <-ctx.Done():
		}
		r.room.release(c.size())
		if err := ctx.Err(); err != nil {
			return errors.WithStack(err)
		}
		if state.Resumed < 0 {
			state.Resumed = c.begin
		}
		if err := w.write(c, r.files); err != nil {
			return err
		}
		if state.Report, state.Read = w.state.Report, c.end; p.Progress != nil && time.Since(shown) > time.Second {
			shown = time.Now()
			p.Progress(state)
		}
	}
	if err := ctx.Err(); err != nil {
		return errors.WithStack(err)
	}
	if p.Progress != nil {
		state.Report, state.Read, state.Resumed = w.state.Report, state.Size, max(state.Resumed, 0)
		p.Progress(state)
	}
	return nil
}

func totalSize(files []textfile.File) (n int64) {
	for _, f := range files {
		n += f.Size
	}
	return n
}

// valPath returns the name of a held-out shard.
func valPath(dir string, i int) string { return filepath.Join(dir, fmt.Sprintf("val-%05d.bin", i)) }

// trainPath returns the name of a shard to learn from.
func trainPath(dir string, i int) string {
	return filepath.Join(dir, fmt.Sprintf("train-%05d.bin", i))
}
