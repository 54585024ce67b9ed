package checkpoints

import (
	"encoding/json"
	"hash/crc32"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// manifest is the content of checkpoint.json.
type manifest struct {
	Step  int               `json:"step"`
	Loss  *float64          `json:"loss,omitempty"`
	Score *Score            `json:"score,omitempty"`
	Files map[string]stored `json:"files"`  // all other files
	Sum   crc               `json:"crc32c"` // of the manifest as encoding/json writes it with a Sum of 0
}

// sum returns the checksum of the manifest itself.
func (m manifest) sum() (crc, error) {
	m.Sum = 0
	text, err := json.Marshal(m)
	return crc(crc32.Checksum(text, castagnoli)), errors.Wrap(err, manifestName)
}

func readManifest(dir string) (m manifest, err error) {
	path := filepath.Join(dir, manifestName)
	if _, err := readStrict(path, &m); err != nil {
		return m, err
	}
	sum, err := m.sum()
	switch {
	case err != nil:
		return m, err
	case sum != m.Sum:
		return m, errors.Errorf("%s: checksum %08x, it was saved with %08x: the file is damaged", path, uint32(sum), uint32(m.Sum))
	case len(m.Files) == 0:
		return m, errors.Errorf("%s: %s lists no files", dir, manifestName)
	}
	if part := folderPattern.FindStringSubmatch(filepath.Base(dir)); part != nil && "step-"+part[2] != stepName(m.Step) {
		return m, errors.Errorf("%s: %s says step %d", dir, manifestName, m.Step)
	}
	return m, nil
}

// inspect reads the manifest of a checkpoint and checks the sizes of its files and the headers of its safetensors files. It does
// not read the tensors.
func inspect(dir string) (Saved, manifest, error) {
	m, err := readManifest(dir)
	if err != nil {
		return Saved{}, m, err
	}
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		if err := checkFile(dir, name, m.Files[name].Bytes); err != nil {
			return Saved{}, m, err
		}
	}
	s := Saved{Dir: dir, Step: m.Step, Loss: math.NaN(), Score: m.Score}
	if m.Loss != nil {
		s.Loss = *m.Loss
	}
	return s, m, nil
}

// verify inspects a checkpoint and compares the checksums of all files.
func verify(dir string) (Saved, manifest, error) {
	s, m, err := inspect(dir)
	if err != nil {
		return Saved{}, m, err
	}
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		if err := checkSum(filepath.Join(dir, name), m.Files[name]); err != nil {
			return Saved{}, m, err
		}
	}
	return s, m, checkExtraFiles(dir, m)
}

// checkExtraFiles returns an error if readers would read a file that was not saved with the checkpoint.
func checkExtraFiles(dir string, m manifest) error {
	names, err := namesIn(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, ok := m.Files[name]; !ok && (isWeights(name) || slices.Contains([]string{configName, adapterConfigName, optimizerName, stateName}, name)) {
			return errors.Errorf("%s: %s was not saved with the checkpoint: move it elsewhere", dir, name)
		}
	}
	return nil
}

// checkFile checks that a file has the size with which it was saved, and that the header of a safetensors file is valid.
func checkFile(dir, name string, size int64) error {
	if name != filepath.Base(name) || !filepath.IsLocal(name) {
		return errors.Errorf("%s: %s lists %.200q, which is outside the folder", dir, manifestName, name)
	}
	path := filepath.Join(dir, name)
	stat, err := os.Stat(path)
	if err != nil {
		return errors.WithStack(err)
	}
	if stat.Size() != size {
		return errors.Errorf("%s: %d bytes, it was saved with %d: the file is damaged", path, stat.Size(), size)
	}
	if !strings.HasSuffix(name, ".safetensors") {
		return nil
	}
	w, err := openWeights(path)
	if err != nil {
		return err
	}
	w.close()
	return nil
}
