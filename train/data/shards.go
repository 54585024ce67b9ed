package data

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"
)

// ShardsFile is the name of the file that describes a folder of shards.
const ShardsFile = "corpus.json"

// Shards is a folder of token files that Preparation has written, or another program: nanoGPT's train.bin and val.bin, or llm.c's files
// with train and val in their names. The files are mapped, so that the folder may be larger than memory.
type Shards struct {
	Learning, Held *Corpus // Held is nil if nothing is held out
	Key            string  // identifies the ids and their tokenizer, as Corpus.Key does
	Fingerprint    string  // of the tokenizer; "" if another program wrote the files
	End            int32   // id after each document; -1 if unknown
	Report         Report
}

// Shard is a token file of a folder.
type Shard struct {
	File      string `json:"file"`
	Documents int    `json:"documents"`
	Tokens    int    `json:"tokens"`
	Width     int    `json:"bytes_per_id"`
	Largest   int32  `json:"largest_id"`
	Sum       uint32 `json:"crc32c"`
}

// manifest is corpus.json.
type manifest struct {
	Format      TokenFormat `json:"format"`
	Fingerprint string      `json:"tokenizer"`
	End         int32       `json:"end"`
	Settings    string      `json:"settings"` // hash of the sources and the settings, see Preparation
	Learning    []Shard     `json:"train"`
	Held        []Shard     `json:"val"`
	Report      Report      `json:"report"`
}

// IsShards reports whether path is a folder that OpenShards can open.
func IsShards(path string) bool {
	if _, err := os.Stat(filepath.Join(path, ShardsFile)); err == nil {
		return true
	}
	train, _, err := foreignShards(path)
	return err == nil && len(train) > 0
}

// Prepared reports whether a Preparation has written a complete shard to a folder.
func Prepared(dir string) bool {
	for _, name := range []string{ShardsFile, stateFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// OpenShards opens a folder of shards. The sizes of all files must match. Up to 256 MiB in all, OpenShards also checks the ids against
// their checksums; for larger folders, call Verify of both corpora. Files of another program are read once.
func OpenShards(dir string) (*Shards, error) {
	s, err := openShards(dir)
	return s, errors.WithMessagef(err, "data: shards %s", dir)
}

func openShards(dir string) (*Shards, error) {
	m, err := readManifest(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return openForeign(dir)
	}
	if err != nil {
		return nil, err
	}
	s := &Shards{Key: m.key(), Fingerprint: m.Fingerprint, End: m.End, Report: m.Report}
	size := 0
	for _, f := range append(m.Learning[:len(m.Learning):len(m.Learning)], m.Held...) {
		size += f.Tokens * f.Width
	}
	if s.Learning, err = m.open(dir, m.Learning, size <= sumLimit); err != nil {
		return nil, err
	}
	if len(m.Held) == 0 {
		return s, nil
	}
	if s.Held, err = m.open(dir, m.Held, size <= sumLimit); err != nil {
		s.Learning.Close()
		return nil, err
	}
	return s, nil
}

// readManifest reads the description of a folder.
func readManifest(dir string) (m manifest, err error) {
	b, err := os.ReadFile(filepath.Join(dir, ShardsFile))
	if err != nil {
		return m, errors.WithStack(err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, errors.Wrapf(err, "%s is damaged: prepare the corpus again", ShardsFile)
	}
	if err := m.Format.check(); err != nil {
		return m, errors.WithMessage(err, ShardsFile)
	}
	if len(m.Learning) == 0 {
		return m, errors.Errorf("%s lists no shards: prepare the corpus again", ShardsFile)
	}
	return m, nil
}

// open opens files as one corpus.
func (m manifest) open(dir string, list []Shard, check bool) (*Corpus, error) {
	j := &joined{}
	for i := range list {
		if list[i].File != filepath.Base(list[i].File) {
			j.Close()
			return nil, errors.Errorf("%s lists the file %q, want a name without a folder", ShardsFile, list[i].File)
		}
		t, err := openTokens(filepath.Join(dir, list[i].File), m.Format, &list[i], check)
		if err == nil && m.Format == Own && t.key != shardKey(m.Fingerprint, m.End) {
			t.Close()
			err = errors.Errorf("token file %s was made with another tokenizer than %s says: prepare the corpus again", t.path, ShardsFile)
		}
		if err != nil {
			j.Close()
			return nil, err
		}
		j.add(t, t.count)
	}
	return &Corpus{name: dir, ids: j, hi: j.len()}, nil
}

// complete compares the header of a file with the description, and adds the numbers that it lacks.
func (s Shard) complete(h tokenHeader) (tokenHeader, error) {
	if h.count != s.Tokens || h.width != s.Width {
		return h, errors.Errorf("%d ids of %d bytes, but %s says %d of %d: the file is cut or of another corpus", h.count, h.width, ShardsFile, s.Tokens, s.Width)
	}
	if !h.foreign && (h.sum != s.Sum || h.maxID != s.Largest) {
		return h, errors.Errorf("checksum of the ids is %08x, but %s says %08x: the file is of another corpus", h.sum, ShardsFile, s.Sum)
	}
	h.sum, h.maxID, h.foreign = s.Sum, s.Largest, false
	return h, nil
}

// key returns the hash of all ids, by their checksums, and of the tokenizer.
func (m manifest) key() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %d\n", m.Fingerprint, m.End)
	for _, list := range [][]Shard{m.Learning, m.Held} {
		for _, s := range list {
			fmt.Fprintf(h, "%d %d %08x\n", s.Tokens, s.Width, s.Sum)
		}
		fmt.Fprintln(h)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// shardKey returns the key in the headers of the shards of a tokenizer.
func shardKey(fingerprint string, end int32) [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "shards %q %d", fingerprint, end))
}

// foreignShards returns the .bin files in a folder with train and with val in their names, in order.
func foreignShards(dir string) (train, val []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		name := strings.ToLower(e.Name())
		switch {
		case strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".bin"):
		case strings.Contains(name, "train"):
			train = append(train, filepath.Join(dir, e.Name()))
		case strings.Contains(name, "val"):
			val = append(val, filepath.Join(dir, e.Name()))
		}
	}
	return train, val, errors.WithStack(err)
}

// openForeign opens a folder of another program.
func openForeign(dir string) (*Shards, error) {
	train, val, err := foreignShards(dir)
	if err != nil {
		return nil, err
	}
	if len(train) == 0 {
		return nil, errors.Errorf("neither %s nor .bin files with train in their names: want a prepared corpus", ShardsFile)
	}
	s, m := &Shards{End: -1}, manifest{End: -1}
	if s.Learning, m.Learning, err = openForeignFiles(dir, train); err != nil {
		return nil, err
	}
	if len(val) > 0 {
		if s.Held, m.Held, err = openForeignFiles(dir, val); err != nil {
			s.Learning.Close()
			return nil, err
		}
	}
	s.Key = m.key()
	return s, nil
}

// openForeignFiles opens files of llm.c, or of nanoGPT if they begin with neither header.
func openForeignFiles(dir string, paths []string) (*Corpus, []Shard, error) {
	j, list := &joined{}, []Shard{}
	for _, path := range paths {
		t, err := openTokens(path, "", nil, true)
		if err != nil && !hasHeader(path) {
			t, err = openTokens(path, NanoGPT, nil, true)
		}
		if err != nil {
			j.Close()
			return nil, nil, err
		}
		list = append(list, Shard{File: path, Tokens: t.count, Width: t.width, Largest: t.maxID, Sum: t.sum})
		j.add(t, t.count)
	}
	return &Corpus{name: dir, ids: j, hi: j.len()}, list, nil
}

// hasHeader reports whether a file begins as one with a header does, or cannot be read.
func hasHeader(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return true
	}
	defer f.Close()
	b := make([]byte, 8)
	n, _ := f.ReadAt(b, 0)
	magic := string(b[:n])
	if magic == tokenMagic {
		return true
	}
	for _, begin := range llmc {
		if n >= 4 && magic[:4] == string([]byte{byte(begin[0]), byte(begin[0] >> 8), byte(begin[0] >> 16), byte(begin[0] >> 24)}) {
			return true
		}
	}
	return false
}
