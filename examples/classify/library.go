package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/goroot"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// parts are the folders of Go's standard library whose comments the model learns to distinguish.
var parts = []string{"crypto", "encoding", "go", "image", "math", "net", "os"}

// firstWords is the number of words of a comment that the model gets.
const firstWords = 40

// library returns the beginnings of comments of Go's standard library, each labelled with the first folder of its package.
func library() ([]data.LabelledText, error) {
	var all []data.LabelledText
	for _, part := range parts {
		folder, err := goroot.Source(part)
		if err != nil {
			return nil, err
		}
		err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && d.Name() == "testdata" {
				return skip(err)
			}
			if !d.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				all, err = appendComments(all, path, part)
			}
			return err
		})
		if err != nil {
			return nil, errors.Wrap(err, "comments of Go's library; or name other texts with -data")
		}
	}
	return all, nil
}

func skip(err error) error {
	if err != nil {
		return err
	}
	return fs.SkipDir
}

// appendComments appends the beginning of each comment of a file, except comments of fewer than five words and headings.
func appendComments(all []data.LabelledText, path, label string) ([]data.LabelledText, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, group := range file.Comments {
		words := strings.Fields(group.Text())
		text := strings.Join(words[:min(len(words), firstWords)], " ")
		if len(words) >= 5 && !strings.HasPrefix(text, "Copyright") && !strings.HasPrefix(text, "Code generated") {
			all = append(all, data.LabelledText{Text: text, Label: label})
		}
	}
	return all, nil
}
