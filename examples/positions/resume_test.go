package main

import (
	"os"
	"strings"
	"testing"
)

// TestResume: a report that ends halfway and is resumed by -out alone has the models of a report in one piece.
func TestResume(t *testing.T) {
	inText(t)
	flags := strings.ReplaceAll(small, "-steps 6", "-min-lr 0.1") + "-schemes alibi,t5 "
	mustRun(t, flags+"-out whole -steps 6")
	mustRun(t, flags+"-out half -steps 3")
	mustRun(t, "-resume -out half -steps 6 -schemes alibi,t5")
	for _, name := range []string{"alibi/config.json", "t5/model.safetensors", "alibi/checkpoints/step-00000006/optimizer.safetensors"} {
		if read(t, "whole/"+name) != read(t, "half/"+name) {
			t.Errorf("%s of the resumed report differs", name)
		}
	}
}

// TestLaterSchemes: a scheme that joins a report later is trained with the flags of the first.
func TestLaterSchemes(t *testing.T) {
	inText(t)
	mustRun(t, small+"-schemes alibi -out report")
	said := mustRun(t, "-out report -schemes yarn,alibi")
	if strings.Count(said, "training a GPT of") != 1 || !strings.Contains(said, "ALiBi: the model in ") {
		t.Errorf("got %q, want one training and one model that is kept", said)
	}
	if !strings.Contains(read(t, "report/rope/run.json"), `"dim": "8"`) {
		t.Errorf("got %s, want the -dim of the first run", read(t, "report/rope/run.json"))
	}
	if _, err := os.Stat("report/yarn"); err == nil {
		t.Error("there is a folder yarn, want the weights of rope")
	}
	for args, want := range map[string]string{
		"-out report -dim 16":                      "-dim is 8 in the run and 16 here",
		"-out report -batch 8":                     "allow it with -change batch",
		"-out none -resume":                        "none has no run to resume",
		"-out none -change batch -data text.txt":   "-change is batch, but no run is resumed",
		"-out report -resume -data resume_test.go": "resume_test.go",
	} {
		_, err := positions(args + " -schemes alibi")
		wantError(t, err, want)
	}
	mustRun(t, "-out report -batch 8 -change batch -steps 7 -schemes alibi,none")
}

// TestOtherFolder resumes a report from another folder.
func TestOtherFolder(t *testing.T) {
	inText(t)
	mustRun(t, small+"-schemes none -out report")
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	mustRun(t, "-resume -steps 7 -schemes none,alibi -out "+home+"/report")
}

// TestDryRun: a dry run plans every model and leaves nothing.
func TestDryRun(t *testing.T) {
	inText(t)
	said := mustRun(t, small+"-dry-run -out dry")
	if n := strings.Count(said, "dry run: a GPT of"); n != 7 || strings.Contains(said, "Loss per character") {
		t.Errorf("got %q, want 7 plans and no table", said)
	}
	if _, err := os.Stat("dry"); err == nil {
		t.Error("the dry run leaves a folder")
	}
}

// TestShortText: a held-out text shorter than the longest window is an error before any training.
func TestShortText(t *testing.T) {
	inText(t)
	_, err := positions(small + "-lengths 8,512 -out report")
	wantError(t, err, "the held-out tenth of the text has 318 characters", "need 513")
	if _, err := os.Stat("report"); err == nil {
		t.Error("the refused report leaves a folder")
	}
}
