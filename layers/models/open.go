package models

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
)

// Model is a model of any family. As JSON it is the family's config.json.
type Model interface {
	Check() error               // returns an error that names the first field with an invalid value
	Rename(name string) string  // returns the parameter's path for a tensor's name in a file
	Ignore(path string) bool    // reports whether a renamed tensor of a file is not a parameter
	Tied() (head, table string) // returns the paths of a tied head and of its table, "" if there are none
}

// LanguageModel is a model that predicts the next token. package generate decodes it.
type LanguageModel interface {
	Model
	Loss(b, t int) func(*graph.Scope)
	Logits(b, t int) func(*graph.Scope)
	Decode(b, t int) func(*graph.Scope)
	Verify(b, t int) func(*graph.Scope)
	Window() int
}

// families lists the readers of config.json by model_type.
var families = map[string]func(config []byte) (Model, error){
	"gpt2": read[GPT], "mpt": read[GPT], "bloom": read[GPT],
	"llama": read[Llama], "mistral": read[Llama], "qwen2": read[Llama], "qwen3": read[Llama], "gemma2": read[Llama], "gemma3_text": read[Llama],
	"gemma3": read[Llama],
	"bert":   read[BERT], "roberta": read[BERT], "modernbert": read[ModernBERT], "vit": read[ViT],
	"gru": read[RNN], "lstm": read[RNN],
	"transformer":  read[Seq2Seq],
	"t5":           read[T5],
	"sasrec":       read[SASRec],
	classifierType: read[Classifier],
}

// architectures lists the model_type of files that have only architectures.
var architectures = map[string]string{
	"GPT2LMHeadModel": "gpt2", "MptForCausalLM": "mpt", "BloomForCausalLM": "bloom", "LlamaForCausalLM": "llama", "MistralForCausalLM": "mistral",
	"Qwen2ForCausalLM": "qwen2", "Qwen3ForCausalLM": "qwen3", "Gemma2ForCausalLM": "gemma2", "Gemma3ForCausalLM": "gemma3_text",
	"BertModel": "bert", "BertForMaskedLM": "bert", "BertForPreTraining": "bert", "BertForSequenceClassification": "bert",
	"RobertaModel": "roberta", "RobertaForMaskedLM": "roberta", "RobertaForSequenceClassification": "roberta",
	"ModernBertModel": "modernbert", "ModernBertForMaskedLM": "modernbert", "ModernBertForSequenceClassification": "modernbert",
	"ViTModel": "vit", "ViTForImageClassification": "vit",
	"T5ForConditionalGeneration": "t5", "T5WithLMHeadModel": "t5",
}

func read[M Model](config []byte) (Model, error) {
	var m M
	err := json.Unmarshal(config, &m)
	return m, err
}

// Open reads the configuration of the model in a folder: config.json, whose model_type selects the family. The ids that begin and end
// texts in generation_config.json, if it exists, replace the ids of config.json, as in Hugging Face's generate.
//
// It is an error if the family is unknown. The error lists the families.
func Open(dir string) (Model, error) {
	m, err := open(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "generation_config.json")
	text, err := readText(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	var g Generation
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		return nil, errors.WithMessage(err, path)
	}
	if t, ok := m.(interface{ generating(Generation) Model }); ok {
		m = t.generating(g)
	}
	return m, nil
}

func open(path string) (Model, error) {
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	m, err := Parse(text)
	return m, errors.WithMessage(err, path)
}

// Parse reads the text of a config.json: see [Open].
func Parse(config []byte) (Model, error) {
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal(config, &keys); err != nil {
		return nil, errors.Wrap(err, "models: configuration")
	}
	var j struct {
		ModelType     string   `json:"model_type"`
		Architectures []string `json:"architectures"`
	}
	if err := decode(config, "any", &j); err != nil {
		return nil, err
	}
	if j.ModelType == "" && len(j.Architectures) > 0 && architectures[j.Architectures[0]] != "" {
		j.ModelType = architectures[j.Architectures[0]]
		keys["model_type"], _ = json.Marshal(j.ModelType) // a string has JSON
		config, _ = json.Marshal(keys)                    // it has just been JSON
	}
	reader, ok := families[j.ModelType]
	if !ok {
		return nil, errors.WithStack(UnknownFamily{j.ModelType})
	}
	return reader(config)
}

// UnknownFamily is the error for a config.json of a family that does not exist here.
type UnknownFamily struct{ ModelType string }

func (e UnknownFamily) Error() string {
	if e.ModelType == "" {
		return "models: configuration: model_type is missing: want one of " + names(families)
	}
	return fmt.Sprintf("models: configuration: model_type is %q, want one of %s", e.ModelType, names(families))
}

// readText returns the content of a file without its byte order mark.
func readText(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	return bytes.TrimPrefix(text, []byte("\ufeff")), errors.Wrap(err, "models")
}

// Rename returns the rule that maps the names of a file's tensors to the paths of m's parameters. It is m.Rename, except that a tied head
// alone gives its weights to the table of embeddings: some writers keep only one of two equal tensors. names are all names in the file.
func Rename(m Model, names []string) func(name string) string {
	head, table := m.Tied()
	var hasHead, hasTable bool
	for _, name := range names {
		path := m.Rename(name)
		hasHead, hasTable = hasHead || path == head, hasTable || path == table
	}
	if head == "" || !hasHead || hasTable {
		return m.Rename
	}
	return func(name string) string {
		if path := m.Rename(name); path != head {
			return path
		}
		return table
	}
}
