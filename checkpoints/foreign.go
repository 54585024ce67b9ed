package checkpoints

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// foreignKinds lists the first bytes of other kinds of files. Such files are often saved under the names of a model's files.
var foreignKinds = []struct{ start, kind string }{
	{"version https://git-lfs", "a Git LFS pointer, not the file itself: fetch the file with git lfs pull"},
	{"PK\x03\x04", "a zip archive, as torch.save writes: convert it to safetensors in Python"},
	{"\x80\x02", "a Python pickle, as torch.save writes: convert it to safetensors in Python"},
	{"GGUF", "a GGUF file: read it with package gguf, or convert it to a folder with safetensors"},
	{"\x89HDF", "an HDF5 file, as Keras writes: convert it to safetensors in Python"},
	{"\x1f\x8b", "a gzip archive: unpack it first"},
}

// foreignKind returns the kind of a file and a remedy from its first bytes, or "" if the bytes match no other kind.
func foreignKind(start []byte) string {
	text := bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\ufeff")), " \t\r\n")
	if len(text) > 1 && text[0] == '<' && (text[1] == '!' || text[1] == '?' || text[1]|0x20 >= 'a' && text[1]|0x20 <= 'z') {
		return "a web page or another kind of markup, perhaps the error page of a download: download the file again"
	}
	for _, f := range foreignKinds {
		if bytes.HasPrefix(start, []byte(f.start)) {
			return f.kind
		}
	}
	return ""
}

// foreignStart returns the kind of a file that is not a valid safetensors file. It returns "" for a damaged safetensors file: the
// length of the header, its first 8 bytes, may look like the start of another kind but ends in bytes of 0.
func foreignStart(r io.ReaderAt) string {
	start := make([]byte, 64)
	n, _ := r.ReadAt(start, 0)
	if start = start[:n]; n >= prefixBytes && bytes.Equal(start[4:prefixBytes], make([]byte, 4)) && !bytes.HasPrefix(start, []byte("PK\x03\x04")) {
		return ""
	}
	return foreignKind(start)
}

// foreignWeights lists files of weights in other formats that a model folder may contain, and the remedies.
var foreignWeights = []struct{ pattern, remedy string }{
	{"pytorch_model*.bin*", "weights of PyTorch: convert them to safetensors in Python, with save_pretrained"},
	{"consolidated*.pth", "weights of PyTorch: convert them to safetensors in Python"},
	{"*.pt", "weights of PyTorch: convert them to safetensors in Python"},
	{"tf_model.h5", "weights of TensorFlow: convert them to safetensors in Python"},
	{"flax_model*.msgpack", "weights of Flax: convert them to safetensors in Python"},
	{"*.gguf", "weights of llama.cpp: download the safetensors files of the model"},
	{"adapter_model.safetensors", "a LoRA adapter without its adapter_config.json: fetch that file too"},
	{"*.safetensors", "weights under another name: rename it to " + weightsName + ", or give the path of the file"},
}

// noWeights returns the error for a folder without weights in safetensors.
func noWeights(dir string) error {
	names, err := namesIn(dir)
	if err != nil {
		return err
	}
	for _, f := range foreignWeights {
		i := slices.IndexFunc(names, func(name string) bool {
			ok, _ := filepath.Match(f.pattern, name)
			return ok && !strings.HasPrefix(name, ".")
		})
		if i >= 0 {
			return errors.Errorf("no weights: neither %s nor its index, but %s, %s", weightsName, names[i], f.remedy)
		}
	}
	return errors.Wrapf(os.ErrNotExist, "no weights: neither %s nor its index", weightsName)
}
