package main

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

func TestBadFlags(t *testing.T) {
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "teach", Words: "no command \"teach\"|train, generate, eval, merge, help and version"},
		{Args: "train more", Words: "gpt train|\"more\"|-h"},
		{Args: "train -nope 1", Words: "no flag -nope|gpt train -h"},
		{Args: "-nope", Words: "-nope|gpt -h"},
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
		{Args: "train -heads 0", Words: "-heads is 0"},
		{Args: "train -eval-every 0", Words: "-eval-every is 0"},
		{Args: "train -warmup -1", Words: "-warmup is -1, want at least 0"},
		{Args: "train -batch 0", Words: "-batch is 0, want at least 1"},
		{Args: "train -context -1", Words: "-context is -1"},
		{Args: "train -micro-batches 0", Words: "-micro-batches is 0"},
		{Args: "train -dropout 1", Words: "-dropout is 1, want at least 0 and less than 1"},
		{Args: "train -lr NaN", Words: "-lr is NaN"},
		{Args: "train -decay -1", Words: "-decay is -1"},
		{Args: "train -dim 10 -heads 3", Words: "Dim 10 does not divide into 3 Heads"},
		{Args: "train -data missing.txt", Words: "missing.txt"},
		{Args: "train -tokenizer missing", Words: "missing"},
		{Args: "train -tokenizer bpe -vocab 10", Words: "10"},
		{Args: "-data missing.txt", Words: "missing.txt"}, // without a command
		{Args: "generate -tokens 0", Words: "-tokens is 0, want at least 1"},
		{Args: "generate -tokens 3 -min-tokens 4", Words: "-min-tokens is 4, want at most -tokens, which is 3"},
		{Args: "generate -min-tokens -1", Words: "-min-tokens is -1, want at least 0"},
		{Args: "generate -no-repeat -1", Words: "-no-repeat is -1, want at least 0"},
		{Args: "generate -frequency-penalty NaN", Words: "-frequency-penalty is NaN, want a finite number"},
		{Args: "generate -presence-penalty many", Words: "-presence-penalty is \"many\", want a number"},
		{Args: "generate -bias 5", Words: "-bias is \"5\"|no id=bias, want pairs such as 13=-inf,50=2.5"},
		{Args: "generate -bias 5=1,x=2", Words: "-bias|\"x\" is no id of a token"},
		{Args: "generate -bias -5=1", Words: "-bias|\"-5\" is no id of a token"},
		{Args: "generate -bias 5=inf", Words: "-bias|\"inf\" is no bias of token 5|-inf"},
		{Args: "generate -bias 5=NaN", Words: "-bias|\"NaN\" is no bias of token 5"},
		{Args: "generate -bias 5=1,5=2", Words: "-bias|token 5 has two biases"},
		{Args: "generate -scores=perhaps", Words: "-scores is \"perhaps\", want true or false"},
		{Args: "train -omit-unknown=perhaps", Words: "-omit-unknown is \"perhaps\", want true or false"},
		{Args: "generate -top-k x", Words: "-top-k"},
		{Args: "generate -model missing", Words: "missing"},
		{Args: "eval -batch 0", Words: "-batch is 0"},
		{Args: "eval -model missing", Words: "missing"},
	})
}

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"train -nope": 1, "train -steps 0": 1, "-h": 0, "eval -h": 0, "train --help": 0, "help": 0, "help generate": 0, "version": 0, "help nope": 1, "trian": 1})
}

func TestSweepFlags(t *testing.T) {
	small := "-data text.txt -out out -tokenizer char -layers 1 -heads 1 -dim 4 -context 4 -batch 1 -steps 1"
	flagstest.Sweep(t, program, map[string]string{"": small, "train": small, "generate": "-prompt a", "eval": "-data text.txt", "merge": "-out merged"},
		"-frequency-penalty=-1", "-presence-penalty=-1") // make tokens more likely that were generated
}
