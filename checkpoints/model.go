package checkpoints

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

const (
	configName  = "config.json"
	weightsName = "model.safetensors"
	indexName   = "model.safetensors.index.json"

	shardBytes = 5_000_000_000 // Hugging Face's default
)

var shardPattern = regexp.MustCompile(`^model-\d{5}-of-\d{5}\.safetensors$`)

// Model is the content of a model folder.
type Model struct {
	Config  any               // content of config.json, any value that encoding/json encodes; nil writes no such file
	Weights Tensors           // such as graph.Params.All(), or the averaged weights of a run
	Files   map[string][]byte // other files by name, such as tokenizer.json
	Adapter *Adapter          // makes the Weights an adapter; nil means a whole model

	ShardBytes int64 // largest size of a shard in bytes; 0 means 5·10⁹
}

// SaveModel writes a model folder, which may exist and contain other files. All files are first written and synced in a hidden
// folder, then renamed into place, the weights last. Replacing weights in a single file is atomic. Replacing sharded weights takes
// several renames; if the process is killed between them, the folder has no readable weights, but never a mixture. SaveModel
// removes weights of an earlier save under other names.
func SaveModel(dir string, m Model) (err error) {
	defer func() { err = errors.WithMessagef(err, "checkpoints: %s", dir) }()
	if err := makeFolder(dir); err != nil {
		return err
	}
	if err := removeHidden(dir, "model"); err != nil {
		return err
	}
	stage := filepath.Join(dir, hiddenName("model"))
	if err := os.Mkdir(stage, 0o777); err != nil {
		return errors.WithStack(err)
	}
	defer os.RemoveAll(stage)
	if err := m.write(newContents(stage)); err != nil {
		return err
	}
	return publish(stage, dir)
}

// write writes the files of a model into an empty hidden folder.
func (m Model) write(c *contents) error {
	if m.Weights == nil {
		return errors.New("a model without weights: set Model.Weights")
	}
	if m.Config != nil {
		if err := c.writeJSON(configName, m.Config); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		if err := checkFileName(name); err != nil {
			return err
		}
		if err := c.writeBytes(name, m.Files[name]); err != nil {
			return err
		}
	}
	list, err := collect(m.Weights)
	if err != nil {
		return errors.WithMessage(err, weightsName)
	}
	if m.Adapter != nil {
		return m.Adapter.write(c, list)
	}
	limit := m.ShardBytes
	if limit <= 0 {
		limit = shardBytes
	}
	return c.writeWeights(cut(list, limit))
}

// checkFileName returns an error if a name is not a plain file name or belongs to the layout.
func checkFileName(name string) error {
	switch {
	case name != filepath.Base(name) || !filepath.IsLocal(name) || strings.HasPrefix(name, "."):
		return errors.Errorf("file %q: want a plain name without folders or a leading dot", name)
	case isWeights(name) || slices.Contains([]string{configName, adapterConfigName, optimizerName, stateName, manifestName}, name):
		return errors.Errorf("file %q: the name is reserved for the layout", name)
	}
	return nil
}

// isWeights reports whether a file of this name belongs to the weights of a model folder.
func isWeights(name string) bool {
	return name == weightsName || name == indexName || name == adapterName || shardPattern.MatchString(name)
}

// cut divides the tensors into shards of at most limit bytes. A larger tensor has its own shard.
func cut(list []item, limit int64) [][]item {
	shards := [][]item{nil}
	var filled int64
	for _, it := range list {
		if filled > 0 && filled+it.bytes > limit {
			shards, filled = append(shards, nil), 0
		}
		shards[len(shards)-1] = append(shards[len(shards)-1], it)
		filled += it.bytes
	}
	return shards
}

func (c *contents) writeWeights(shards [][]item) error {
	index := shardIndex{WeightMap: map[string]string{}}
	for i, shard := range shards {
		name := weightsName
		if len(shards) > 1 {
			name = fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, len(shards))
		}
		for _, it := range shard {
			index.WeightMap[it.name] = name
			index.Metadata.TotalSize += it.bytes
		}
		if err := c.writeItems(name, shard, map[string]string{"format": "pt"}); err != nil {
			return err
		}
	}
	if len(shards) == 1 {
		return nil
	}
	return c.writeJSON(indexName, index)
}

// shardIndex is the content of model.safetensors.index.json.
type shardIndex struct {
	Metadata struct {
		TotalSize int64 `json:"total_size"` // bytes of all tensors
	} `json:"metadata"`
	WeightMap map[string]string `json:"weight_map"` // file of each tensor
}

func (c *contents) writeItems(name string, list []item, metadata map[string]string) error {
	return c.write(name, func(w io.Writer) error { return encode(w, list, metadata) })
}

func (c *contents) writeBytes(name string, content []byte) error {
	return c.write(name, func(w io.Writer) error {
		_, err := w.Write(content)
		return errors.Wrap(err, "write")
	})
}

func (c *contents) writeJSON(name string, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return errors.Wrap(err, name)
	}
	return c.writeBytes(name, b.Bytes())
}
