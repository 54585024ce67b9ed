package main

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

func TestBadFlags(t *testing.T) {
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "train", Words: "unexpected argument \"train\""},
		{Args: "-nope", Words: "-nope"},
		{Args: "-schemes rope,rotary", Words: "-schemes|no scheme \"rotary\"|learned,sinusoid,rope,yarn,t5,alibi,shaw,none"},
		{Args: "-schemes ,", Words: "-schemes|it names no scheme"},
		{Args: "-lengths 64,0", Words: "-lengths|\"0\" is not a length"},
		{Args: "-lengths 64,many", Words: "\"many\" is not a length"},
		{Args: "-lengths 96,128", Words: "-lengths are 96,128: 96 does not divide the longest, which is 128"},
		{Args: "-lengths 100", Words: "-lengths are 100: -context, which is 64, does not divide the longest"},
		{Args: "-steps 0", Words: "-steps is 0, want at least 1"},
		{Args: "-layers 0", Words: "-layers is 0"},
		{Args: "-context 1", Words: "-context is 1, want at least 2"},
		{Args: "-max-distance 1", Words: "-max-distance is 1"},
		{Args: "-dim 12 -heads 4", Words: "-dim is 12|even number of channels"},
		{Args: "-data missing.txt", Words: "missing.txt"},
		{Args: "-out " + `""`, Words: "-out"},
	})
}

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"-nope": 1, "-steps 0": 1, "-h": 0, "help": 0, "version": 0})
}

func TestSweepFlags(t *testing.T) {
	flagstest.Sweep(t, program, map[string]string{"": "-out out -data text.txt -layers 1 -heads 1 -dim 4 -context 2 -batch 1 -steps 1"})
}
