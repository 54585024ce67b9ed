package checkpoints

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// weights are the tensors of a model, in one or more files.
type weights struct {
	files []*File
	names []string // in the order of the files and of their data
	of    map[string]*File
}

// openWeights opens a safetensors file, or the weights of a folder: model.safetensors or, if that file does not exist, the shards in
// model.safetensors.index.json. If the folder holds an adapter and no model, it opens adapter_model.safetensors.
func openWeights(path string) (*weights, error) {
	stat, err := os.Stat(path)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	paths := []string{path}
	var index map[string]string
	if stat.IsDir() && IsAdapter(path) {
		paths = []string{filepath.Join(path, adapterName)}
	} else if stat.IsDir() {
		paths = []string{filepath.Join(path, weightsName)}
		if _, err := os.Stat(paths[0]); os.IsNotExist(err) {
			if paths, err = readIndex(path, &index); err != nil {
				return nil, err
			}
		}
	}
	w := &weights{of: map[string]*File{}}
	for _, p := range paths {
		if err := w.add(p); err != nil {
			w.close()
			return nil, err
		}
	}
	if err := w.checkIndex(index); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// readIndex reads the index of a model folder, which maps each tensor to its shard, and returns the paths of the shards.
func readIndex(dir string, index *map[string]string) (paths []string, err error) {
	at := filepath.Join(dir, indexName)
	if stat, err := os.Stat(at); err != nil {
		if os.IsNotExist(err) {
			return nil, noWeights(dir)
		}
		return nil, errors.WithStack(err)
	} else if stat.Size() > maxHeader {
		return nil, errors.Errorf("%s: %d bytes, the limit is %d", indexName, stat.Size(), maxHeader)
	}
	var content struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	text, err := readText(at)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &content); err != nil {
		return nil, errors.Wrap(err, at)
	}
	if *index = content.WeightMap; len(*index) == 0 {
		return nil, errors.Errorf("%s: an empty weight_map", indexName)
	}
	for tensor, file := range *index {
		if file != filepath.Base(file) || !filepath.IsLocal(file) {
			return nil, errors.Errorf("%s: tensor %.200q: file %.200q is outside the folder", indexName, tensor, file)
		}
		paths = append(paths, filepath.Join(dir, file))
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

func (w *weights) add(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return errors.WithStack(err)
	}
	f, err := newFile(file)
	if err != nil {
		return err
	}
	w.files = append(w.files, f)
	for _, name := range f.header.names {
		if other := w.of[name]; other != nil {
			return errors.Errorf("tensor %.200q is in %s and in %s", name, other.file.Name(), path)
		}
		w.of[name] = f
		w.names = append(w.names, name)
	}
	return nil
}

// checkIndex checks that every tensor of the index is in its shard.
func (w *weights) checkIndex(index map[string]string) error {
	for name, file := range index {
		f := w.of[name]
		if f == nil {
			return errors.Errorf("%s: tensor %.200q is in none of the shards, want it in %s", indexName, name, file)
		}
		if have := filepath.Base(f.file.Name()); have != file {
			return errors.Errorf("%s: tensor %.200q is in %s, want it in %s", indexName, name, have, file)
		}
	}
	return nil
}

// read reads the tensors for whose names wanted returns true; nil means all.
func (w *weights) read(wanted func(name string) bool) (map[string]*tensor.Dense, error) {
	all := map[string]*tensor.Dense{}
	for _, name := range w.names {
		if wanted != nil && !wanted(name) {
			continue
		}
		f := w.of[name]
		t, err := f.header.infos[name].make(f.file)
		if err != nil {
			return nil, errors.WithMessagef(err, "%s: tensor %q", f.file.Name(), name)
		}
		all[name] = t
	}
	return all, nil
}

func (w *weights) close() {
	for _, f := range w.files {
		f.file.Close()
	}
}
