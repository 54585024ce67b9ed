package data

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// Encoder appends the token ids of a text to dst. It appends all ids and neither truncates nor pads. The tokenizers of package
// tokenize are Encoders.
type Encoder interface {
	AppendEncode(dst []int32, text string) ([]int32, error)
}

// Text describes text to train on and its encoding into a Corpus.
//
// The Encoder receives a file in blocks of at most Block bytes, so that the text may be larger than memory. A file no larger than
// Block is one block. A block ends after a line end with no other white space around it, if it has one. An Encoder that frames texts,
// such as BERT's with [CLS] and [SEP], frames every block; the tokenizer's ForText does not.
type Text struct {
	Paths       []string          // files, folders with all files below, or patterns, see textfile.Find; .gz files are unpacked
	Encoding    textfile.Encoding // the zero value is UTF-8; an invalid byte is an error
	Encoder     Encoder
	End         []int32 // ids added after each file, such as the id of <|endoftext|>
	Block       int     // size of a block in bytes; 0 means 16 MiB
	File        string  // token file to keep and to use again, see Corpus; "" keeps the ids in memory
	Fingerprint string  // identifies the Encoder and its vocabulary; needed with File
}

// textBlock is the usual size of a block.
const textBlock = 16 << 20

// Corpus encodes the text. If File is set, it writes a token file. It uses an existing token file instead if that was made from files
// of the same names, sizes and modification times, with the same Encoding, Fingerprint, End and Block. The file is written whole or
// not at all. If File exists and is no token file, Corpus returns an error and does not overwrite it.
func (t Text) Corpus() (*Corpus, error) {
	ids, name, err := t.prepare()
	if err != nil {
		return nil, errors.WithMessage(err, "data: text")
	}
	if t.File != "" {
		return OpenCorpus(t.File)
	}
	c, err := NewCorpus(ids)
	if err == nil {
		c.name = name
	}
	return c, err
}

// prepare updates the token file. Without a token file, it returns the ids and the name of the first file.
func (t Text) prepare() (ids []int32, name string, err error) {
	if err := t.check(); err != nil {
		return nil, "", err
	}
	files, err := findFiles(t.Paths, t.File)
	if err != nil {
		return nil, "", err
	}
	if t.File == "" {
		err = t.encode(files, func(more []int32) error { ids = append(ids, more...); return nil })
		return ids, files[0].Path, err
	}
	key := t.key(files)
	usable, err := upToDate(t.File, key)
	if err == nil && !usable {
		err = t.write(files, key)
	}
	return nil, "", err
}

// check returns an error for the first invalid field.
func (t Text) check() error {
	switch {
	case t.Encoder == nil:
		return errors.New("the Encoder is nil")
	case t.Block < 0:
		return errors.Errorf("blocks of %d bytes, want at least 1, or 0 for 16 MiB", t.Block)
	case len(t.End) > 0 && slices.Min(t.End) < 0:
		return errors.Errorf("id %d of End is negative", slices.Min(t.End))
	case t.File != "" && t.Fingerprint == "":
		return errors.Errorf("token file %s needs the Fingerprint of its Encoder, so that another Encoder rewrites it", t.File)
	}
	return nil
}

func (t Text) write(files []textfile.File, key [32]byte) error {
	w, err := createTokens(t.File, Own, 2)
	if err != nil {
		return err
	}
	defer w.abandon()
	if err := t.encode(files, w.write); err != nil {
		return err
	}
	return w.finish(key)
}

// encode passes the ids of all files to sink, block by block.
func (t Text) encode(files []textfile.File, sink func([]int32) error) error {
	limit := cmp.Or(t.Block, textBlock)
	b := blocks{buf: make([]byte, limit+1)}
	for _, f := range files {
		if err := t.encodeFile(f.Path, &b, sink); err != nil {
			return err
		}
	}
	return nil
}

func (t Text) encodeFile(path string, b *blocks, sink func([]int32) error) error {
	r, err := textfile.Open(path, t.Encoding)
	if err != nil {
		return err
	}
	defer r.Close()
	*b = blocks{r: r, buf: b.buf}
	var ids []int32
	for {
		block, err := b.next()
		if err == io.EOF {
			return sink(t.End)
		}
		if err != nil {
			return err
		}
		if ids, err = t.Encoder.AppendEncode(ids[:0], string(block)); err != nil {
			return errors.WithMessagef(err, "%s: encode", path)
		}
		if i := slices.IndexFunc(ids, func(id int32) bool { return id < 0 }); i >= 0 {
			return errors.Errorf("%s: encode: id %d is negative", path, ids[i])
		}
		if err := sink(ids); err != nil {
			return err
		}
	}
}

// key returns the hash of everything that the ids depend on. Strings are quoted, so that different lists have different keys. Paths are
// absolute, so that a token file serves programs in other folders.
func (t Text) key(files []textfile.File) (key [32]byte) {
	h := sha256.New()
	fmt.Fprintf(h, "%q %d %d %q\n", t.Fingerprint, t.End, t.Block, t.Encoding)
	for _, f := range files {
		fmt.Fprintf(h, "%q %d %d\n", absolute(f.Path), f.Size, f.Modified.UnixNano())
	}
	h.Sum(key[:0])
	return key
}

// upToDate reports whether the token file at path can be used again. It returns false for a token file that is damaged or out of date,
// which is then replaced. Any other file is an error.
func upToDate(path string, key [32]byte) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, errors.WithStack(err)
	}
	defer f.Close()
	magic := make([]byte, len(tokenMagic))
	if n, err := f.ReadAt(magic, 0); string(magic[:n]) != tokenMagic {
		if err != nil && err != io.EOF {
			return false, errors.WithStack(err)
		}
		return false, errors.Errorf("%s exists and is no token file: choose another name", path)
	}
	h, _, err := readTokenHeader(f, Own)
	return err == nil && h.key == key, nil
}
