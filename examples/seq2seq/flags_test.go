package main

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

func TestBadFlags(t *testing.T) {
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "teach", Words: "no command \"teach\"|train, generate, eval, help and version"},
		{Args: "train more", Words: "seq2seq train|\"more\"|-h"},
		{Args: "train -nope 1", Words: "no flag -nope|seq2seq train -h"},
		{Args: "-nope", Words: "-nope|seq2seq -h"},
		{Args: "trian", Words: "no command \"trian\" (did you mean \"train\"?)"},
		{Args: "help trian", Words: "did you mean \"train\"?"},
		{Args: "train -bacth 3", Words: "no flag -bacth (did you mean \"-batch\"?)"},
		{Args: "train batch=3", Words: "unexpected argument \"batch=3\" (did you mean \"-batch\"?)"},
		{Args: "-steps 3 train", Words: "unexpected argument \"train\""},
		{Args: "train -steps", Words: "-steps needs a value"},
		{Args: "train -resume=perhaps", Words: "-resume is \"perhaps\", want true or false"},
		{Args: "train -steps 99999999999999999999", Words: "-steps is 99999999999999999999, want a whole number of at most 9223372036854775807"},
		{Args: "train -seed -1", Words: "-seed is \"-1\", want a whole number of at least 0"},
		{Args: "train -lr Inf", Words: "-lr is Inf, want a finite number"},
		{Args: "train -layers many", Words: "-layers is \"many\", want a whole number"},
		{Args: "train -steps 0", Words: "-steps is 0, want at least 1"},
		{Args: "train -batch 0", Words: "-batch is 0, want at least 1"},
		{Args: "train -shapes 0", Words: "-shapes is 0, want at least 1"},
		{Args: "train -tokens-per-batch -1", Words: "-tokens-per-batch is -1, want at least 0"},
		{Args: "train -heads 0", Words: "-heads is 0"},
		{Args: "train -eval-every 0", Words: "-eval-every is 0"},
		{Args: "train -warmup -1", Words: "-warmup is -1, want at least 0"},
		{Args: "train -dropout -0.1", Words: "-dropout is -0.1, want at least 0 and less than 1"},
		{Args: "train -label-smoothing 1", Words: "-label-smoothing is 1"},
		{Args: "train -beta2 1", Words: "-beta2 is 1"},
		{Args: "train -data missing.tsv", Words: "missing.tsv"},
		{Args: "train -source missing", Words: "give -data alone"},
		{Args: "-data missing.tsv", Words: "missing.tsv"}, // without a command
		{Args: "generate -beam 0", Words: "-beam is 0, want at least 1"},
		{Args: "generate -tokens -1", Words: "-tokens is -1, want at least 0"},
		{Args: "generate -tokens 3 -min-tokens 4", Words: "-min-tokens is 4, want at most -tokens, which is 3"},
		{Args: "generate -min-tokens -1", Words: "-min-tokens is -1, want at least 0"},
		{Args: "generate -no-repeat -1", Words: "-no-repeat is -1, want at least 0"},
		{Args: "generate -repetition-penalty -1", Words: "repetition penalty -1, want a finite number"},
		{Args: "generate -bias 5", Words: "-bias is \"5\"|no id=bias, want pairs such as 13=-inf,50=2.5"},
		{Args: "generate -model missing", Words: "missing"},
		{Args: "eval -batch 0", Words: "-batch is 0"},
		{Args: "eval -model missing", Words: "missing"},
		{Args: "eval -beam 0", Words: "-beam is 0, want at least 1"},
		{Args: "eval -limit -1", Words: "-limit is -1, want at least 0"},
		{Args: "eval -tokens -1", Words: "-tokens is -1, want at least 0"},
		{Args: "eval -bleu-tokens spm", Words: "-bleu-tokens|\"spm\", want one of 13a, intl, zh, char, none"},
		{Args: "eval -output .", Words: "-output is \".\", which exists"},
		{Args: "eval -output missing/results", Words: "-output is \"missing/results\", want a file in a folder that exists"},
		{Args: "train -family t4", Words: "-family is \"t4\", want one of transformer, t5, t5-gated"},
		{Args: "train -family t5 -norm-first=false", Words: "-norm-first is false, family t5"},
		{Args: "train -lower -tokenizer flags_test.go", Words: "-lower|-tokenizer flags_test.go has its own rule"},
		{Args: "train -init missing", Words: "-init is \"missing\", which does not exist"},
		{Args: "eval -held-out 2", Words: "-held-out is 2"},
	})
}

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"train -nope": 1, "train -steps 0": 1, "-h": 0, "eval -h": 0, "train --help": 0, "help": 0, "help generate": 0, "version": 0, "help nope": 1, "trian": 1})
}

func TestSweepFlags(t *testing.T) {
	small := "-data text.txt -out out -layers 1 -heads 1 -dim 4 -batch 1 -steps 1"
	flagstest.Sweep(t, program, map[string]string{"": small, "train": small, "generate": "-prompt a", "eval": "-data text.txt"},
		"-length-penalty=-1", // favours short results
		"-init=", "-output=", "-output=missing")
}
