package data_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/train/data"
)

// end is the id after each document of these tests.
const end = 1

// corpusOf writes n JSON documents, some of them twice, and returns a Preparation of them.
func corpusOf(t testing.TB, n int) data.Preparation {
	dir := t.TempDir()
	for file := range 3 {
		var b strings.Builder
		for i := range n {
			text := fmt.Sprintf("document %d of file %d: %s", i, file, strings.Repeat("é ", (i*i+file)%50))
			if i%10 == 9 {
				text = "the same text"
			}
			line := must[[]byte](t)(json.Marshal(map[string]string{"text": text}))
			fmt.Fprintf(&b, "%s\n", line)
		}
		writeFile(t, dir, fmt.Sprintf("%d.jsonl%s", file, []string{"", ".gz", ".zst"}[file]), b.String())
	}
	return data.Preparation{
		Documents: data.Documents{Paths: []string{dir}, Formats: formats}, Encoder: runes{}, Fingerprint: "runes", End: end, Unknown: 'é', Out: filepath.Join(t.TempDir(), "out"),
		ShardSize: 5000, HeldOut: 0.1, Duplicates: 1 << 16, Workers: 2,
	}
}

// hashes returns the hash of every file in a folder.
func hashes(t testing.TB, dir string) map[string][32]byte {
	t.Helper()
	all := map[string][32]byte{}
	for _, e := range must[[]os.DirEntry](t)(os.ReadDir(dir)) {
		all[e.Name()] = sha256.Sum256(must[[]byte](t)(os.ReadFile(filepath.Join(dir, e.Name()))))
	}
	return all
}

func same(a, b map[string][32]byte) bool {
	for name := range a {
		if a[name] != b[name] {
			return false
		}
	}
	return len(a) == len(b)
}

// TestPrepare compares the shards with the documents, one by one, and the report with counts of its own.
func TestPrepare(t *testing.T) {
	p := corpusOf(t, 60)
	report := must[data.Report](t)(p.Run(t.Context()))
	s := must[*data.Shards](t)(data.OpenShards(p.Out))
	defer s.Learning.Close()
	defer s.Held.Close()
	want, seen, bytes := map[string]int{}, map[string]bool{}, 0
	for doc, err := range p.Documents.All() {
		if err != nil {
			t.Fatal(err)
		}
		if !seen[doc.Text] {
			seen[doc.Text] = true
			want[doc.Text]++
			bytes += len(doc.Text)
		}
	}
	for _, c := range []*data.Corpus{s.Learning, s.Held} {
		ids := make([]int32, c.Len())
		if err := c.Tokens(ids, 0); err != nil {
			t.Fatal(err)
		}
		for _, text := range strings.SplitAfter(string([]rune(string(asRunes(ids)))), "\x01") {
			if text != "" {
				want[strings.TrimSuffix(text, "\x01")]--
			}
		}
	}
	for text, n := range want {
		if n != 0 {
			t.Errorf("%q: %d too few", text, n)
		}
	}
	if report.Documents != len(seen) || report.Duplicates != 17 || report.Tokens != s.Learning.Len()+s.Held.Len() || report.Bytes != bytes || report != s.Report {
		t.Errorf("got report %+v, want %d documents and %d bytes", report, len(seen), bytes)
	}
	if report.HeldOut < 5 || report.HeldOut > 40 || s.Held.Len() == 0 || report.Longest < 90 || !strings.Contains(report.LongestAt, ".jsonl") {
		t.Errorf("got report %+v", report)
	}
}

func asRunes(ids []int32) []rune { return ids }

// TestPrepareWorkers: the shards do not depend on the number of workers, and a second run changes nothing.
func TestPrepareWorkers(t *testing.T) {
	p := corpusOf(t, 200)
	var first map[string][32]byte
	for _, workers := range []int{1, 2, 5} {
		p.Out, p.Workers = filepath.Join(t.TempDir(), "out"), workers
		report := must[data.Report](t)(p.Run(t.Context()))
		got := hashes(t, p.Out)
		if first == nil {
			first = got
		}
		if !same(got, first) || len(got) < 5 {
			t.Errorf("%d workers: got %d files, other ones than with 1", workers, len(got))
		}
		if again := must[data.Report](t)(p.Run(t.Context())); again != report || !same(hashes(t, p.Out), got) {
			t.Errorf("a second run: got %+v, want %+v", again, report)
		}
	}
	p.ShardSize++
	_, err := p.Run(t.Context())
	wantError(t, err, p.Out, "another corpus")
}

// stopping is an Encoder that stops the run after some texts.
type stopping struct {
	left *int
	stop context.CancelFunc
}

func (s stopping) AppendEncode(dst []int32, text string) ([]int32, error) {
	if *s.left--; *s.left == 0 {
		s.stop()
	}
	return runes{}.AppendEncode(dst, text)
}

// TestPrepareResume: a run that is stopped again and again gives the same files as an uninterrupted one.
func TestPrepareResume(t *testing.T) {
	for _, format := range []data.TokenFormat{data.Own, data.NanoGPT, data.LLMC} {
		p := corpusOf(t, 6000)
		p.Documents.MaxBad, p.Duplicates, p.ShardSize, p.Format = 1, 1<<20, 150_000, format
		writeFile(t, p.Documents.Paths[0], "0a.jsonl", "bad\n")
		p.Out = filepath.Join(t.TempDir(), "whole")
		want := must[data.Report](t)(p.Run(t.Context()))
		whole := hashes(t, p.Out)
		p.Out, p.Workers = filepath.Join(t.TempDir(), "stopped"), 1
		stops := 0
		for ; ; stops++ {
			ctx, cancel := context.WithCancel(t.Context())
			left := 13000
			p.Encoder = stopping{&left, cancel}
			got, err := p.Run(ctx)
			cancel()
			if err == nil {
				if got != want || !same(hashes(t, p.Out), whole) {
					t.Errorf("%s: after %d stops: got %+v, want %+v and the same files", format, stops, got, want)
				}
				break
			}
			if !strings.Contains(err.Error(), "canceled") || stops > 50 {
				t.Fatal(err)
			}
			writeFile(t, p.Out, ".train-00009.bin.123", "left by a kill")
		}
		if stops < 1 {
			t.Error("the run was never stopped")
		}
	}
}

// TestForeignShards: shards in the formats of nanoGPT and llm.c have the same tokens, with corpus.json and without it.
func TestForeignShards(t *testing.T) {
	p := corpusOf(t, 100)
	ids := map[data.TokenFormat][]byte{}
	for _, format := range []data.TokenFormat{data.Own, data.NanoGPT, data.LLMC} {
		p.Format, p.Out = format, filepath.Join(t.TempDir(), "out")
		must[data.Report](t)(p.Run(t.Context()))
		for range 2 {
			s := must[*data.Shards](t)(data.OpenShards(p.Out))
			all := make([]int32, s.Learning.Len())
			if err := s.Learning.Tokens(all, 0); err != nil || s.Learning.MaxID() != 'é' || s.Held.Len() == 0 {
				t.Errorf("%s: %v, largest id %d", format, err, s.Learning.MaxID())
			}
			text := []byte(string(asRunes(all)))
			if ids[format] == nil {
				ids[format] = text
			}
			if !bytes.Equal(text, ids[data.Own]) {
				t.Errorf("%s: other tokens", format)
			}
			s.Learning.Close()
			s.Held.Close()
			if format == data.Own {
				break
			}
			os.Remove(filepath.Join(p.Out, data.ShardsFile))
		}
	}
	header := must[[]byte](t)(os.ReadFile(filepath.Join(p.Out, "train-00000.bin")))
	if string(header[:8]) != "\x88\xd8\x34\x01\x01\x00\x00\x00" {
		t.Errorf("llm.c's header begins with % x, want 20240520 and 1", header[:8])
	}
	must[*data.Corpus](t)(data.OpenCorpus(filepath.Join(p.Out, "train-00000.bin"))).Close()
}

// TestDamagedShards: every damaged folder is an error that names the file.
func TestDamagedShards(t *testing.T) {
	p := corpusOf(t, 100)
	must[data.Report](t)(p.Run(t.Context()))
	other := p
	other.Fingerprint, other.Out = "another", filepath.Join(t.TempDir(), "other")
	must[data.Report](t)(other.Run(t.Context()))
	shard := filepath.Join(p.Out, "train-00001.bin")
	whole := must[[]byte](t)(os.ReadFile(shard))
	foreign := must[[]byte](t)(os.ReadFile(filepath.Join(other.Out, "train-00001.bin")))
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-1] ^= 1
	for name, c := range map[string]struct {
		content []byte
		words   []string
	}{
		"another tokenizer": {foreign, []string{"train-00001.bin", "another tokenizer"}}, "cut": {whole[:len(whole)-2], []string{"train-00001.bin", "cut"}},
		"header": {whole[1:], []string{"train-00001.bin", "no token file"}}, "empty": {nil, []string{"train-00001.bin", "0 bytes"}},
		"changed": {flipped, []string{"train-00001.bin", "checksum"}},
	} {
		if err := os.WriteFile(shard, c.content, 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := data.OpenShards(p.Out)
		if err == nil {
			t.Errorf("%s: got no error", name)
			continue
		}
		wantError(t, err, c.words...)
	}
	os.Remove(shard)
	_, err := data.OpenShards(p.Out)
	wantError(t, err, "train-00001.bin", "no such file")
	writeFile(t, p.Out, data.ShardsFile, "{")
	_, err = data.OpenShards(p.Out)
	wantError(t, err, data.ShardsFile, "damaged")
	_, err = data.OpenShards(t.TempDir())
	wantError(t, err, "neither", data.ShardsFile)
}

// TestPrepareErrors: settings that cannot work are errors, and so is a table of hashes that is full, after which a larger one continues.
func TestPrepareErrors(t *testing.T) {
	p := corpusOf(t, 300)
	for word, change := range map[string]func(*data.Preparation){
		"End": func(p *data.Preparation) { p.End = -1 }, "Fingerprint": func(p *data.Preparation) { p.Fingerprint = "" }, "format": func(p *data.Preparation) { p.Format = "x" },
		"HeldOut": func(p *data.Preparation) { p.HeldOut = 1 }, "Out": func(p *data.Preparation) { p.Out = "" },
	} {
		q := p
		change(&q)
		_, err := q.Run(t.Context())
		wantError(t, err, word)
	}
	p.Duplicates = 1 << 12
	_, err := p.Run(t.Context())
	wantError(t, err, ".jsonl", "hashes of 192 documents fill the 4096 bytes")
	p.Duplicates = 1 << 15
	must[data.Report](t)(p.Run(t.Context()))
}
