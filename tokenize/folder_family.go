package tokenize

import (
	"slices"
	"strings"
)

// family describes how the files of a tokenizer_class become a tokenizer.
type family struct {
	class      string
	known      bool
	kind       fileKind
	roles      Roles // the default tokens of the class
	addsBOS    bool  // add_bos_token is true by default
	maskStrips bool  // the mask token also covers the space before it
}

// fileKind is the kind of files that a class reads if there is no tokenizer.json.
type fileKind int

const (
	anyFiles     fileKind = iota // unknown class
	jsonFiles                    // tokenizer.json only
	gpt2Files                    // vocab.json and merges.txt, with GPT-2's pattern
	robertaFiles                 // the same, framed
	clipFiles                    // the same, with </w>
	qwen2Files                   // the same, with Qwen's pattern
	bertFiles                    // vocab.txt
	llamaFiles                   // a .model of sentencepiece with unchanged ids
	t5Files                      // the same with <extra_id_…>
	noFiles                      // a class whose files are not supported
)

// families lists the classes by kind. A class that renumbers the pieces of sentencepiece needs a tokenizer.json.
var families = []struct {
	classes string
	family  family
}{
	{"GPT2 CodeGen GPTNeo", family{kind: gpt2Files, roles: Roles{BOS: "<|endoftext|>", EOS: "<|endoftext|>", Unk: "<|endoftext|>"}}},
	{"Roberta Bart Longformer LED", family{kind: robertaFiles, maskStrips: true,
		roles: Roles{BOS: "<s>", EOS: "</s>", Pad: "<pad>", Unk: "<unk>", CLS: "<s>", Sep: "</s>", Mask: "<mask>"}}},
	{"CLIP", family{kind: clipFiles, roles: Roles{BOS: "<|startoftext|>", EOS: "<|endoftext|>", Pad: "<|endoftext|>", Unk: "<|endoftext|>"}}},
	{"Qwen2", family{kind: qwen2Files, roles: Roles{EOS: "<|endoftext|>", Pad: "<|endoftext|>", Unk: "<|endoftext|>"}}},
	{"Bert DistilBert Electra MobileBert ConvBert LayoutLM SqueezeBert Lxmert RetriBert DPRQuestionEncoder DPRContextEncoder DPRReader",
		family{kind: bertFiles, roles: Roles{Pad: "[PAD]", Unk: "[UNK]", CLS: "[CLS]", Sep: "[SEP]", Mask: "[MASK]"}}},
	{"Llama CodeLlama", family{kind: llamaFiles, addsBOS: true, roles: Roles{BOS: "<s>", EOS: "</s>", Unk: "<unk>"}}},
	{"Gemma", family{kind: llamaFiles, addsBOS: true, roles: Roles{BOS: "<bos>", EOS: "<eos>", Pad: "<pad>", Unk: "<unk>"}}},
	{"T5 MT5", family{kind: t5Files, roles: Roles{EOS: "</s>", Pad: "<pad>", Unk: "<unk>"}}},
	{"PreTrained TokenizersBackend", family{kind: jsonFiles}},
	{"XLMRoberta MBart MBart50 Camembert Pegasus Albert XLNet BigBird DebertaV2 Deberta M2M100 Marian Nllb Speech2Text OpenAIGPT CTRL XLM FSMT Blenderbot " +
		"Whisper PhobertBert Phobert Bertweet BertJapanese Wav2Vec2CTC MPNet Esm Funnel Herbert Tapas Splinter ByT5 Canine Reformer Rembert BartPho Barthez Plbart",
		family{kind: noFiles}},
}

// models maps a model_type to its class, for folders whose files name no class.
var models = map[string]string{
	"gpt2": "GPT2", "gpt_neo": "GPT2", "codegen": "CodeGen", "roberta": "Roberta", "bart": "Bart", "longformer": "Longformer", "clip": "CLIP", "qwen2": "Qwen2",
	"bert": "Bert", "distilbert": "DistilBert", "electra": "Electra", "llama": "Llama", "mistral": "Llama", "gemma": "Gemma", "t5": "T5", "mt5": "MT5",
	"xlm-roberta": "XLMRoberta", "camembert": "Camembert", "albert": "Albert", "xlnet": "XLNet", "pegasus": "Pegasus", "mbart": "MBart", "marian": "Marian",
	"m2m_100": "M2M100", "deberta": "Deberta", "deberta-v2": "DebertaV2", "whisper": "Whisper", "mpnet": "MPNet", "esm": "Esm", "openai-gpt": "OpenAIGPT",
}

// familyOf returns the family of a class. A suffix "Fast" is ignored.
func familyOf(class string) family {
	name := strings.TrimSuffix(class, "Tokenizer")
	for _, f := range families {
		if name != "" && slices.Contains(strings.Fields(f.classes), name) {
			found := f.family
			found.class, found.known = class, found.kind > jsonFiles && found.kind < noFiles
			return found
		}
	}
	return family{class: class}
}
