package models_test

import (
	"encoding/json"
	"testing"

	"github.com/gorgoformer/gorgoformer/layers/models"
)

// FuzzParse: a config.json that is read can be written, and reading it again gives the same file.
func FuzzParse(f *testing.F) {
	for _, file := range []string{publishedGPT2, publishedLlama31, publishedQwen3, publishedGemma2, publishedT5} {
		f.Add([]byte(file))
	}
	for _, m := range languageModels() {
		data, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, m := range []models.Model{smallT5, smallSASRec} {
		data, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := models.Parse(file)
		if err != nil {
			return
		}
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatalf("%s was read but cannot be written: %v", file, err)
		}
		again, err := models.Parse(data)
		if err != nil {
			t.Fatalf("%s was read, but not the written file %s: %v", file, data, err)
		}
		if second, err := json.Marshal(again); err != nil || string(second) != string(data) {
			t.Fatalf("%s is written as\n%s, then as\n%s (%v)", file, data, second, err)
		}
	})
}
