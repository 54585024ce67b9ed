package tokenize_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// smallBytePairs returns a vocab.json of a few letters and the given tokens, and a merges.txt.
func smallBytePairs(tokens ...string) map[string]string {
	vocab := `{"a":0,"b":1,"ab":2,"Ġ":3,"Ġa":4,"A":5`
	for i, token := range tokens {
		vocab += `,` + strconv.Quote(token) + `:` + strconv.Itoa(6+i)
	}
	return map[string]string{"vocab.json": vocab + "}", "merges.txt": "#version: 0.2\na b\nĠ a\n"}
}

const smallVocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nA\né\ne\n"

// with returns a copy of files with more files.
func with(files map[string]string, more ...string) map[string]string {
	all := maps.Clone(files)
	for i := 0; i < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

const configFile, specialFile, addedFile = "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"

// TestFolders loads folders with different classes, keys and combinations of files.
func TestFolders(t *testing.T) {
	gpt := smallBytePairs("<|endoftext|>")                               // 6
	roberta := smallBytePairs("<s>", "<pad>", "</s>", "<unk>", "<mask>") // 6 … 10
	bert := map[string]string{"vocab.txt": smallVocab}
	jsonFile := map[string]string{"tokenizer.json": `{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true},"post_processor":null,"decoder":null,"model":{"type":"BPE","vocab":{"a":0,"b":1,"Ġ":2,"<s>":3,"</s>":4,"<":5,"s":6,">":7,"/":8},"merges":[]}}`}
	for _, c := range []struct {
		name  string
		files map[string]string
		text  string
		want  []int32
		roles tokenize.Roles
		size  int
	}{
		{"no settings", gpt, "ab<|endoftext|>", []int32{2, 6}, tokenize.Roles{EOS: "<|endoftext|>"}, 7},
		{"class", with(gpt, configFile, `{"tokenizer_class":"GPT2TokenizerFast"}`), "ab<|endoftext|>", []int32{2, 6},
			tokenize.Roles{BOS: "<|endoftext|>", EOS: "<|endoftext|>", Unk: "<|endoftext|>"}, 7},
		{"class of config.json", with(gpt, "config.json", `{"model_type":"gpt2"}`), "ab", []int32{2},
			tokenize.Roles{BOS: "<|endoftext|>", EOS: "<|endoftext|>", Unk: "<|endoftext|>"}, 7},
		{"a null role", with(gpt, configFile, `{"tokenizer_class":"GPT2Tokenizer","bos_token":null}`), "ab", []int32{2},
			tokenize.Roles{EOS: "<|endoftext|>", Unk: "<|endoftext|>"}, 7},
		{"add_bos_token", with(gpt, configFile, `{"tokenizer_class":"GPT2Tokenizer","add_bos_token":true}`), "ab", []int32{6, 2},
			tokenize.Roles{BOS: "<|endoftext|>", EOS: "<|endoftext|>", Unk: "<|endoftext|>"}, 7},
		{"add_prefix_space", with(gpt, configFile, `{"tokenizer_class":"GPT2Tokenizer","add_prefix_space":true}`), "a", []int32{4},
			tokenize.Roles{BOS: "<|endoftext|>", EOS: "<|endoftext|>", Unk: "<|endoftext|>"}, 7},
		{"new roles", with(gpt, specialFile, `{"pad_token":"<p>","bos_token":{"content":"<b>","lstrip":true,"rstrip":false,"normalized":false,"single_word":false}}`),
			"a <b>a<p>", []int32{0, 7, 0, 8}, tokenize.Roles{BOS: "<b>", EOS: "<|endoftext|>", Pad: "<p>"}, 9},
		{"added tokens", with(gpt, addedFile, `{"<x>":9,"<y>":7}`, configFile, `{"tokenizer_class":"GPT2Tokenizer","additional_special_tokens":["<y>","<z>"]}`),
			"<x><y><z>", []int32{9, 7, 10}, tokenize.Roles{BOS: "<|endoftext|>", EOS: "<|endoftext|>", Unk: "<|endoftext|>"}, 11},
		{"split_special_tokens", with(jsonFile, configFile, `{"split_special_tokens":true,"bos_token":"<s>"}`), "<s>", []int32{5, 6, 7}, tokenize.Roles{BOS: "<s>"}, 9},
		{"older form: the map wins", with(gpt, specialFile, `{"eos_token":"b"}`, configFile, `{"eos_token":"a"}`), "ab", []int32{0, 1}, tokenize.Roles{EOS: "b"}, 7},
		{"newer form: the config wins", with(gpt, specialFile, `{"eos_token":"b"}`, configFile, `{"eos_token":"a","added_tokens_decoder":{}}`), "ab", []int32{0, 1}, tokenize.Roles{EOS: "a"}, 7},
		{"Roberta", with(roberta, configFile, `{"tokenizer_class":"RobertaTokenizer"}`), "ab <mask>", []int32{6, 2, 10, 8},
			tokenize.Roles{BOS: "<s>", EOS: "</s>", Pad: "<pad>", Unk: "<unk>", CLS: "<s>", Sep: "</s>", Mask: "<mask>"}, 11},
		{"Bert", with(bert, configFile, `{"tokenizer_class":"BertTokenizer"}`), "A é", []int32{2, 5, 9, 3},
			tokenize.Roles{Pad: "[PAD]", Unk: "[UNK]", CLS: "[CLS]", Sep: "[SEP]", Mask: "[MASK]"}, 10},
		{"Bert, cased", with(bert, configFile, `{"tokenizer_class":"BertTokenizer","do_lower_case":false}`), "A é", []int32{2, 7, 8, 3},
			tokenize.Roles{Pad: "[PAD]", Unk: "[UNK]", CLS: "[CLS]", Sep: "[SEP]", Mask: "[MASK]"}, 10},
		{"Bert, lower case with accents", with(bert, configFile, `{"tokenizer_class":"BertTokenizer","strip_accents":false}`), "A É", []int32{2, 5, 8, 3},
			tokenize.Roles{Pad: "[PAD]", Unk: "[UNK]", CLS: "[CLS]", Sep: "[SEP]", Mask: "[MASK]"}, 10},
		{"no class: the vocabulary decides", bert, "A é", []int32{2, 7, 8, 3}, tokenize.Roles{Pad: "[PAD]", Unk: "[UNK]", CLS: "[CLS]", Sep: "[SEP]", Mask: "[MASK]"}, 10},
		{"tokenizer.json alone", jsonFile, "<s>", []int32{5, 6, 7}, tokenize.Roles{}, 9},
		{"tokenizer.json with roles", with(jsonFile, configFile, `{"tokenizer_class":"PreTrainedTokenizerFast","bos_token":"<s>","eos_token":"</s>"}`), "<s>a", []int32{3, 0},
			tokenize.Roles{BOS: "<s>", EOS: "</s>"}, 9},
		{"tokenizer.json of Llama", with(jsonFile, configFile, `{"tokenizer_class":"LlamaTokenizerFast"}`), "a", []int32{3, 0}, tokenize.Roles{BOS: "<s>", EOS: "</s>"}, 9},
		{"add_eos_token", with(jsonFile, configFile, `{"tokenizer_class":"LlamaTokenizer","add_bos_token":false,"add_eos_token":true}`), "a", []int32{0, 4}, tokenize.Roles{BOS: "<s>", EOS: "</s>"}, 9},
	} {
		tok, err := tokenize.Load(makeFolder(t, c.files))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got, err := tok.Encode(c.text); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q: got %v (%v), want %v", c.name, c.text, got, err, c.want)
		}
		if tok.Roles != c.roles || tok.VocabSize() != c.size {
			t.Errorf("%s: got roles %+v and a vocabulary of %d, want %+v and %d", c.name, tok.Roles, tok.VocabSize(), c.roles, c.size)
		}
		testModelFiles(t, tok, "tokenizer.json")
	}
}

// TestFolderErrors checks that errors name the unsupported setting.
func TestFolderErrors(t *testing.T) {
	gpt := smallBytePairs("<|endoftext|>")
	bert := map[string]string{"vocab.txt": smallVocab}
	words := smallBytePairs("a</w>")
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"</w> without a class", words, []string{"</w>", "tokenizer_class"}},
		{"</w> as GPT-2", with(words, configFile, `{"tokenizer_class":"GPT2Tokenizer"}`), []string{"</w>"}},
		{"a class of other files", with(gpt, configFile, `{"tokenizer_class":"BertTokenizer"}`), []string{"BertTokenizer", "vocab.json"}},
		{"a class not followed", with(gpt, configFile, `{"tokenizer_class":"WhisperTokenizer"}`), []string{"WhisperTokenizer", "tokenizer.json"}},
		{"an unknown class", with(bert, configFile, `{"tokenizer_class":"MyTokenizer"}`), []string{"MyTokenizer", "tokenizer.json"}},
		{"a model_type not followed", with(bert, "config.json", `{"model_type":"mpnet"}`), []string{"Mpnet", "tokenizer.json"}[1:]},
		{"PreTrainedTokenizerFast", with(bert, configFile, `{"tokenizer_class":"PreTrainedTokenizerFast"}`), []string{"PreTrainedTokenizer", "tokenizer.json"}},
		{"do_basic_tokenize", with(bert, configFile, `{"do_basic_tokenize":false}`), []string{"do_basic_tokenize"}},
		{"a flag of another type", with(bert, configFile, `{"do_lower_case":"no"}`), []string{configFile, "do_lower_case", `"no"`, "true or false"}},
		{"a role of another type", with(bert, configFile, `{"pad_token":3}`), []string{configFile, "pad_token", "3"}},
		{"never_split", with(bert, configFile, `{"never_split":["a"]}`), []string{"never_split"}},
		{"a side", with(bert, configFile, `{"padding_side":"up"}`), []string{"padding_side", "up"}},
		{"JSON", with(bert, configFile, "{\n\"a\""), []string{configFile, "line 2"}},
		{"an id twice", with(gpt, addedFile, `{"<x>":2}`), []string{"<x>", "2"}},
		{"two ids", with(gpt, addedFile, `{"<x>":8}`, configFile, `{"added_tokens_decoder":{"9":{"content":"<x>"}}}`), []string{"<x>", "8", "9", addedFile}},
		{"no id", with(gpt, configFile, `{"added_tokens_decoder":{"x":{"content":"<x>"}}}`), []string{"added_tokens_decoder", `"x"`}},
		{"a huge id", with(gpt, addedFile, `{"<x>":2000000000}`), []string{"<x>", "2000000000"}},
		{"no bos_token", with(gpt, configFile, `{"add_bos_token":true}`), []string{"add_bos_token", "bos_token"}},
		{"no merges", map[string]string{"vocab.json": gpt["vocab.json"]}, []string{"vocab.json without merges.txt"}},
		{"two models", map[string]string{"x.model": "x", "y.model": "y"}, []string{"x.model", "y.model", "name one"}},
		{"tekken", map[string]string{"tekken.json": "{}"}, []string{"tekken.json", "tokenizer.json"}},
	} {
		dir := makeFolder(t, c.files)
		_, err := tokenize.Load(dir)
		tokentest.WantError(t, err, append(c.want, "tokenize: load")...)
		if err != nil && strings.Count(err.Error(), "tokenize: load") > 1 {
			t.Errorf("%s: the error names the place twice: %v", c.name, err)
		}
	}
}

// TestMisfits checks that a file of another kind is an error that names the kind, under every file name.
func TestMisfits(t *testing.T) {
	for data, word := range map[string]string{
		"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 499723\n": "git lfs pull",
		"<!DOCTYPE html>\n<html><body>Sign in</body></html>":                       "web page",
		"<html lang=en>":     "web page",
		"PK\x03\x04rest":     "zip file",
		"\x80\x02}q\x00(X":   "pickle",
		"\x1f\x8b\x08rest":   "gzip",
		"":                   "empty",
		"\xff\xfe{\x00}\x00": "UTF-16",
		"\x10\x00\x00\x00\x00\x00\x00\x00{\"a\": {}}     ": "safetensors",
	} {
		for _, name := range []string{"tokenizer.json", "vocab.txt", "vocab.json", "merges.txt", "tokenizer.model", "spiece.model", "gpt2.tiktoken", configFile, specialFile, addedFile, "other.json"} {
			files := map[string]string{name: data}
			switch name {
			case "vocab.json":
				files["merges.txt"] = "#version: 0.2\n"
			case "merges.txt":
				files["vocab.json"] = smallBytePairs()["vocab.json"]
			case configFile, specialFile, addedFile:
				files["vocab.txt"] = smallVocab
			}
			dir := makeFolder(t, files)
			if name == "other.json" {
				dir += "/" + name
			}
			_, err := tokenize.Load(dir)
			tokentest.WantError(t, err, name, word)
		}
	}
	llama := "IQ== 0\nIg== 1\nIw== 2\n"
	_, err := tokenize.Load(makeFolder(t, map[string]string{"tokenizer.model": llama}))
	tokentest.WantError(t, err, "tokenizer.model", "tiktoken", "3 ranks", "llama3")
	_, err = tokenize.LoadSentencePiece(makeFolder(t, map[string]string{"x.model": llama}) + "/x.model")
	tokentest.WantError(t, err, "x.model", "tiktoken", "LoadTiktoken")
	_, err = tokenize.Load(makeFolder(t, map[string]string{"tokenizer.model": "{}"}))
	tokentest.WantError(t, err, "tokenizer.model", "JSON")
	marked := "\xef\xbb\xbf"
	for _, files := range []map[string]string{smallBytePairs("<|endoftext|>"), {"vocab.txt": smallVocab, configFile: marked + "{}"}, {"cl100k_base.tiktoken": llama}} {
		for name := range files {
			files[name] = marked + strings.TrimPrefix(files[name], marked)
		}
		if _, err := tokenize.Load(makeFolder(t, files)); err != nil && !strings.Contains(err.Error(), "100257") {
			t.Errorf("marks: %v", err)
		}
	}
}

// fewerPieces returns a file of sentencepiece with its first n pieces, which is loaded faster.
func fewerPieces(t *testing.T, file string, n int) string {
	t.Helper()
	var kept []byte
	for data := []byte(file); len(data) > 0; {
		number, _, size := protowire.ConsumeField(data)
		if size < 0 {
			t.Fatal(protowire.ParseError(size))
		}
		if number != 1 || n > 0 {
			kept = append(kept, data[:size]...)
		}
		if number == 1 {
			n--
		}
		data = data[size:]
	}
	return string(kept)
}

// TestSentencePieceFolders compares ids under the keys of Llama's and T5's classes with the expected ids.
func TestSentencePieceFolders(t *testing.T) {
	t.Parallel()
	llama, t5 := fewerPieces(t, read(t, tokentest.Shared(t, "tokenizers", "llama2", "tokenizer.model")), 12000), read(t, tokentest.Shared(t, "tokenizers", "t5-base", "spiece.model"))
	bare := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.ParseSentencePiece([]byte(llama)))
	hello := tokentest.Must[[]int32](t)(bare.Encode("Hello"))
	const class = `{"tokenizer_class":"LlamaTokenizer",`
	for i, c := range []struct {
		config, text string
		want         []int32
	}{
		{``, "Hello", hello},
		{`{}`, "Hello", hello},
		{class + `"legacy":true}`, "Hello", append([]int32{1}, hello...)},
		{class + `"add_bos_token":false}`, "Hello", hello},
		{class + `"add_eos_token":true}`, "Hello", append(append([]int32{1}, hello...), 2)},
		{class + `"add_bos_token":false}`, "<s>Hello", append([]int32{1}, hello...)},
		{class + `"add_bos_token":false,"split_special_tokens":true}`, "<s>", tokentest.Must[[]int32](t)(bare.Encode("<s>"))},
		{class + `"add_bos_token":false,"legacy":false}`, "Hello", hello},
		{class + `"add_bos_token":false,"legacy":false}`, "</s>Hello", []int32{2, 10994}}, // "Hello" without a space
		{class + `"add_bos_token":false,"legacy":false,"add_prefix_space":false}`, "Hello", []int32{10994}},
		{class + `"add_bos_token":false,"pad_token":"<pad>"}`, "Hello<pad>", append(slices.Clone(hello), 12000)},
	} {
		files := map[string]string{"tokenizer.model": llama}
		if c.config != "" {
			files[configFile] = c.config
		}
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(makeFolder(t, files)))
		if c.config == "" { // a folder saved without a class has none, whatever its model
			for _, model := range []string{"llama", "gpt2", "t5"} {
				saved := map[string]string{"config.json": `{"model_type":"` + model + `"}`}
				for name, data := range tokentest.Must[map[string][]byte](t)(tok.ModelFiles()) {
					saved[name] = string(data)
				}
				again := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(makeFolder(t, saved)))
				if got := tokentest.Must[[]int32](t)(again.Encode("<s>Hello")); !slices.Equal(got, tokentest.Must[[]int32](t)(tok.Encode("<s>Hello"))) {
					t.Errorf("saved beside a %s: got %v", model, got)
				}
			}
		}
		if got := tokentest.Must[[]int32](t)(tok.Encode(c.text)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q: got %v, want %v", c.config, c.text, got, c.want)
		}
		if i%3 == 0 || sweep.All() {
			testModelFiles(t, tok, "tokenizer.model")
		}
	}
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(makeFolder(t, map[string]string{"spiece.model": t5, configFile: `{"tokenizer_class":"T5Tokenizer"}`})))
	want := published(t, "t5-small")
	for _, text := range []string{"A text for T5.", "a <extra_id_0> b<extra_id_99>", "end</s>"} {
		if got, want := tokentest.Must[[]int32](t)(tok.Encode(text)), tokentest.Must[[]int32](t)(want.Encode(text)); !slices.Equal(got, want) {
			t.Errorf("T5: %q: got %v, want %v", text, got, want)
		}
	}
	_, err := tokenize.Load(makeFolder(t, map[string]string{"tokenizer.model": llama, configFile: class + `"sp_model_kwargs":{"enable_sampling":true}}`}))
	tokentest.WantError(t, err, "sp_model_kwargs")
	_, err = tokenize.Load(makeFolder(t, map[string]string{"sentencepiece.bpe.model": llama, configFile: `{"tokenizer_class":"XLMRobertaTokenizer"}`}))
	tokentest.WantError(t, err, "XLMRobertaTokenizer", "tokenizer.json")
}

// TestLlama3 loads a tiktoken file of Llama 3's size under sentencepiece's name.
func TestLlama3(t *testing.T) {
	data := read(t, tokentest.Shared(t, "tokenizers", "parity", "o200k_base.tiktoken"))
	lines := strings.SplitAfterN(data, "\n", 128001)
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(makeFolder(t, map[string]string{"tokenizer.model": strings.Join(lines[:128000], "")})))
	if id, ok := tok.BOS(); id != 128000 || !ok || tok.VocabSize() != 128256 {
		t.Errorf("got BOS %d %t of %d, want 128000 of 128256", id, ok, tok.VocabSize())
	}
}

// FuzzSettings reads arbitrary settings.
func FuzzSettings(f *testing.F) {
	f.Add(`{"tokenizer_class":"GPT2Tokenizer","add_bos_token":true,"bos_token":"<b>"}`, `{"pad_token":{"content":"<p>"}}`, `{"<x>":9}`)
	f.Add(`{"added_tokens_decoder":{"8":{"content":"<x>","special":true}},"extra_special_tokens":{"a":"<y>"}}`, `{"eos_token":null}`, `{}`)
	f.Fuzz(func(t *testing.T, config, special, added string) {
		for _, files := range []map[string]string{smallBytePairs("<|endoftext|>"), {"vocab.txt": smallVocab}} {
			files[configFile], files[specialFile], files[addedFile] = config, special, added
			if tok, err := tokenize.Load(makeFolder(t, files)); err == nil {
				useLoaded(t, tok)
				testModelFiles(t, tok, "tokenizer.json")
			}
		}
	})
}
