package checkpoints

import (
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

const (
	adapterConfigName = "adapter_config.json"
	adapterName       = "adapter_model.safetensors"

	baseKey = "base_crc32c" // metadata of adapter_model.safetensors
)

// Adapter makes a Model an adapter of another model, in the layout of Hugging Face's PEFT: adapter_config.json and
// adapter_model.safetensors, which holds the Model's Weights.
type Adapter struct {
	Config any    // content of adapter_config.json
	Base   string // Sum of the base model's weights; "" means unknown
}

// Sum returns a checksum of tensors and their names, in any order, to tell weights of the same shapes apart.
func Sum(tensors Tensors) string {
	byName := map[string]*tensor.Dense{}
	for name, t := range tensors {
		byName[name] = t
	}
	sum, _ := SumOf(slices.Collect(maps.Keys(byName)), func(name string) (*tensor.Dense, error) { return byName[name], nil })
	return sum
}

// SumOf is Sum for the tensors of these names, which are read one at a time. It returns the first error of read.
func SumOf(names []string, read func(name string) (*tensor.Dense, error)) (string, error) {
	sum := uint32(0)
	for _, name := range slices.Sorted(slices.Values(names)) {
		t, err := read(name)
		if err != nil {
			return "", err
		}
		sum = crc32.Update(sum, castagnoli, []byte(name))
		sum = crc32.Update(sum, castagnoli, t.Raw)
	}
	return fmt.Sprintf("%08x", sum), nil
}

// IsAdapter reports whether a folder holds an adapter and no whole model.
func IsAdapter(dir string) bool {
	has := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	}
	return has(adapterConfigName) && !has(weightsName) && !has(indexName)
}

// ReadAdapterConfig decodes the adapter_config.json of a folder into config, a pointer.
func ReadAdapterConfig(dir string, config any) error {
	return ReadJSON(filepath.Join(dir, adapterConfigName), config)
}

// LoadAdapter reads the adapter in a folder into params, as LoadWeights does. base is the Sum of the base model's weights. It is an error
// if the adapter was trained on another base. An adapter that other programs wrote does not know its base.
func LoadAdapter(dir string, params Tensors, rules Rules, base string) error {
	if err := CheckBase(dir, base); err != nil {
		return err
	}
	return LoadWeights(filepath.Join(dir, adapterName), params, rules)
}

// CheckBase returns an error if the adapter in a folder was trained on a base model with another Sum than base.
func CheckBase(dir, base string) error {
	was, err := trainedOn(dir)
	if err == nil && was != "" && base != "" && was != base {
		err = errors.Errorf("checkpoints: adapter in %s: it was trained on a base model of checksum %s, this base has %s: give the base model that it was trained on", dir, was, base)
	}
	return err
}

// KnowsBase reports whether the adapter in a folder has the Sum of its base model, which CheckBase compares.
func KnowsBase(dir string) (bool, error) {
	was, err := trainedOn(dir)
	return was != "", err
}

// trainedOn returns the Sum of the base model of the adapter in a folder, "" if it is unknown.
func trainedOn(dir string) (sum string, err error) {
	defer func() { err = errors.WithMessagef(err, "checkpoints: adapter in %s", dir) }()
	f, err := Open(filepath.Join(dir, adapterName))
	if errors.Is(err, fs.ErrNotExist) {
		if _, e := os.Stat(filepath.Join(dir, "adapter_model.bin")); e == nil {
			return "", errors.New("its weights are in adapter_model.bin, a file of PyTorch: convert them to safetensors in Python, with save_pretrained")
		}
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	return f.Metadata()[baseKey], nil
}

// write writes adapter_config.json and the weights.
func (a *Adapter) write(c *contents, list []item) error {
	if err := c.writeJSON(adapterConfigName, a.Config); err != nil {
		return err
	}
	metadata := map[string]string{"format": "pt"}
	if a.Base != "" {
		metadata[baseKey] = a.Base
	}
	return c.writeItems(adapterName, list, metadata)
}
