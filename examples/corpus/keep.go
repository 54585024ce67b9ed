package main

import (
	"encoding/json"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize/atomicfile"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// flagsFile is the name of the file with the flags of a corpus.
const flagsFile = "flags.json"

// free lists the flags that may differ when a preparation resumes.
var free = []string{"max-bad", "dedup", "workers", "out"}

// keep writes the flags to the folder. If it has flags of an earlier run, they must be the same, except free ones. A run that failed before
// its first shard fixes no flag: a mended command starts over.
func (o *options) keep() error {
	now, was := o.values(), map[string]string{}
	path := filepath.Join(o.out, flagsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return o.begin(now)
	}
	if err == nil {
		err = json.Unmarshal(text, &was)
	}
	if err != nil {
		return errors.Wrap(err, path)
	}
	if !maps.Equal(now, was) && !data.Prepared(o.out) {
		if err := os.Remove(filepath.Join(o.out, savedLast)); err != nil && !errors.Is(err, fs.ErrNotExist) { // the tokenizer is of other flags
			return errors.WithStack(err)
		}
		return o.begin(now)
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if was[name] != now[name] {
			return errors.Errorf("-%s is %q here, but %q in %s: choose another -out, or remove the folder", name, now[name], was[name], path)
		}
	}
	return nil
}

// begin makes the folder and writes the flags to it.
func (o *options) begin(now map[string]string) error {
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return errors.WithStack(err)
	}
	text, err := json.MarshalIndent(now, "", "\t")
	if err != nil {
		return errors.WithStack(err)
	}
	return atomicfile.Write(filepath.Join(o.out, flagsFile), append(text, '\n'))
}

// values returns the flags that a preparation fixes. Whether duplicates are left out is fixed, and the memory for it is free.
func (o *options) values() map[string]string {
	all := map[string]string{"dedup": "no"}
	o.set.VisitAll(func(f *flag.Flag) {
		if !slices.Contains(free, f.Name) {
			all[f.Name] = f.Value.String()
		}
	})
	if o.dedup > 0 {
		all["dedup"] = "yes"
	}
	return all
}
