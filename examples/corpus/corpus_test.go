package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/gorgoformer/gorgoformer/examples/internal/corpora"
	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// said runs a command line and returns its output.
func said(args ...string) (string, error) {
	var w bytes.Buffer
	err := program(&w).Run(args, &w)
	return w.String(), err
}

// write writes a file into the current folder, packed if its name ends in .zst.
func write(t *testing.T, name, content string) {
	t.Helper()
	packed := []byte(content)
	if strings.HasSuffix(name, ".zst") {
		w, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		packed = w.EncodeAll(packed, nil)
	}
	if err := os.WriteFile(name, packed, 0o666); err != nil {
		t.Fatal(err)
	}
}

// records returns n lines of JSON, every tenth of which repeats the text of the first.
func records(t *testing.T, n int) string {
	var b strings.Builder
	for i := range n {
		text := fmt.Sprintf("document %d <|endoftext|> %s", i, strings.Repeat("the quick fox ", i%7))
		if i%10 == 0 {
			text = "document 0"
		}
		line, err := json.Marshal(map[string]any{"text": text, "id": i})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n", line)
	}
	return b.String()
}

// TestCorpus prepares documents with a bad line, runs again, continues with other free flags, and refuses other settings.
func TestCorpus(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a.jsonl.zst", records(t, 200)+"{\"text\":1}\n")
	args := []string{"-data", "a.jsonl.zst", "-out", "out", "-vocab", "300", "-held-out", "0.1", "-dedup", "1", "-shard-size", "500"}
	_, err := said(args...)
	if err == nil || !strings.Contains(err.Error(), "a.jsonl.zst:201: field \"text\" is a number, want a string") {
		t.Errorf("got %v, want the place of the bad line", err)
	}
	first, err := said(append(args, "-max-bad", "1")...)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"documents    181, ", "left out     0 empty, 19 duplicates, 1 bad", "bytes a token", "out/lengths.png"} {
		if !strings.Contains(first, want) {
			t.Errorf("got %q, want %q in it", first, want)
		}
	}
	if again, err := said(append(args, "-max-bad", "3", "-workers", "3", "-dedup", "2")...); err != nil || again != first {
		t.Errorf("again: got %q (%v), want %q", again, err, first)
	}
	if _, err := said(append(args, "-max-bad", "1", "-vocab", "301")...); err == nil || !strings.Contains(err.Error(), `-vocab is "301" here, but "300" in out`) {
		t.Errorf("got %v, want the flag that differs", err)
	}
	text, err := os.ReadFile("out/bad.txt")
	if err != nil || !strings.HasPrefix(string(text), "a.jsonl.zst:201: field") {
		t.Errorf("bad.txt: got %q (%v)", text, err)
	}
	f, err := os.Open("out/lengths.png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Error(err)
	}
	wantTokens(t)
}

// wantTokens checks that the shards belong to the tokenizer in the folder, and that a text cannot end a document.
func wantTokens(t *testing.T) {
	t.Helper()
	c, err := corpora.Open("out", nil)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenize.Load("out")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(tok.ForText()); err != nil {
		t.Error(err)
	}
	ends := 0
	for _, part := range []*data.Corpus{c.Learning, c.Held} {
		ids := make([]int32, part.Len())
		if err := part.Tokens(ids, 0); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if id == c.End {
				ends++
			}
		}
	}
	if ends != 181 {
		t.Errorf("got %d ends of documents, want 181", ends)
	}
}

// TestFormats prepares a document of every format with the tokenizer of another corpus.
func TestFormats(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a.jsonl", strings.ReplaceAll(records(t, 50), "\\u003c|endoftext|\\u003e", "")) // whose characters are no tokens of their own
	if out, err := said("-data", "a.jsonl", "-out", "first", "-tokenizer", "char", "-held-out", "0"); err != nil {
		t.Fatal(out, err)
	}
	for name, c := range map[string]struct{ content, args string }{
		"a.txt": {"the fox", ""}, "b.lines": {"the fox\n\n", "-format lines"}, "c.csv": {"id,body\n1,the fox\n", "-field body"}, "d.tsv": {"the fox\t1\n", "-field 0"},
		"e.json": {"{\"body\":\"the fox\"}", "-format jsonl -field body"}, "f.txt": {"the fox\nEND\n", "-separator END"}, "g.txt.zst": {"the fox", "-shards llm.c"},
	} {
		write(t, name, c.content)
		out := filepath.Join("out", name)
		_, err := said(append(strings.Fields(c.args), "-data", name, "-out", out, "-tokenizer", "first", "-held-out", "0")...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s, err := data.OpenShards(out)
		if err != nil || s.Report.Documents != 1 || s.Report.Tokens != s.Report.Bytes+1 || !strings.Contains(c.content, "the fox") || s.Report.Bytes > 8 {
			t.Errorf("%s: got %+v (%v), want one document of 7 characters", name, s, err)
		}
	}
}

// TestNothingHeldOut: a corpus of which no document is held out does not propose a training that would fail.
func TestNothingHeldOut(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a.jsonl", records(t, 50))
	for args, want := range map[string]string{
		"-held-out 0":   "No document is held out of 50, and gpt and mlm need some: cut the text into more documents with -separator, or raise -held-out, which is 0\n",
		"-held-out 0.5": "Next: ",
	} {
		out, err := said(append(strings.Fields(args), "-data", "a.jsonl", "-out", "out/"+want[:2], "-vocab", "300")...)
		if err != nil || !strings.Contains(out, want) || want != "Next: " && strings.Contains(out, "Next: ") {
			t.Errorf("%s: got %q, error %v, want %q", args, out, err, want)
		}
	}
}

func TestBadFlags(t *testing.T) {
	jsonl := filepath.Join(t.TempDir(), "a.jsonl")
	write(t, jsonl, records(t, 1))
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "-max-bad -1", Words: "-max-bad is -1, want at least 0"}, {Args: "-dedup -1", Words: "-dedup is -1"}, {Args: "-workers 0", Words: "-workers is 0"},
		{Args: "-workers 5000", Words: "-workers is 5000, want at most 1024"}, {Args: "-held-out 1", Words: "-held-out is 1"}, {Args: "-shards xml", Words: "-shards is \"xml\", want own, nanogpt or llm.c"},
		{Args: "-format xml", Words: "-format is \"xml\"|jsonl"}, {Args: "-data missing", Words: "-data is \"missing\""}, {Args: "-data \"\"", Words: "-data|want a path"},
		{Args: "-separator x -format csv", Words: "-separator is \"x\"|csv"}, {Args: "-separator x -data " + jsonl, Words: "-separator is \"x\"|no file of -data is text"},
		{Args: "-field x -format text -data " + jsonl, Words: "-field is \"x\"|no file of -data has fields"}, {Args: "-longest 0", Words: "-longest is 0"}, {Args: "-dedup 9999999", Words: "-dedup|9999999|want at most"},
		{Args: "-tokenizer missing", Words: "-tokenizer is \"missing\""}, {Args: "-shard-size 0", Words: "-shard-size is 0"}, {Args: "-sample 0", Words: "-sample is 0"},
		{Args: "train", Words: "\"train\"|only flags"}, {Args: "-seed x", Words: "-seed"}, {Args: "-out \"\"", Words: "-out is \"\""},
	})
}

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"-nope": 1, "-workers 0": 1, "-h": 0})
}

// TestMendedCommand: a command that fails before its first shard fixes no flag, so that the mended one works with the same -out.
func TestMendedCommand(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a.jsonl", records(t, 60))
	write(t, "bad.jsonl", "{\n"+records(t, 60))
	want := ""
	for i, wrong := range []string{"-field nope", "-end nope", "-format csv", "-data bad.jsonl", "-vocab 200 -end nope"} {
		out := fmt.Sprint("out", i)
		if _, err := said(append(strings.Fields("-data a.jsonl -vocab 280 -out "+out), strings.Fields(wrong)...)...); err == nil {
			t.Errorf("%s: want an error", wrong)
		}
		if _, err := said(strings.Fields("-data a.jsonl -vocab 280 -out " + out)...); err != nil {
			t.Fatalf("after %s: %v", wrong, err)
		}
		got, err := os.ReadFile(filepath.Join(out, "train-00000.bin"))
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = string(got)
		}
		if string(got) != want {
			t.Errorf("after %s the shard differs", wrong)
		}
	}
	if _, err := said(strings.Fields("-data a.jsonl -vocab 300 -out out0")...); err == nil || !strings.Contains(err.Error(), "-vocab is") {
		t.Errorf("got error %v, want one on -vocab", err)
	}
}
