package job

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// sameData returns an error if the data or the tokenizer differ from the run's.
func (r *Run) sameData(now record) error {
	if now.Tokenizer != r.record.Tokenizer {
		return errors.Errorf("the tokenizer has fingerprint %.12s, the run's has %.12s: resume with the tokenizer of the newest checkpoint, or choose another -out",
			now.Tokenizer, r.record.Tokenizer)
	}
	if now.Data == r.record.Data {
		return nil
	}
	if names := r.changes(); slices.ContainsFunc(r.program.Data, func(name string) bool { return slices.Contains(names, name) }) {
		r.changed = append(r.changed, "the data differ from the data that the run began with")
		return nil
	}
	why := "the files have changed since"
	if len(r.otherData) > 0 {
		why = strings.Join(r.otherData, ", ")
	}
	remedy := "resume with the run's data, or choose another -out"
	if len(r.program.Data) > 0 {
		remedy += ", or allow other data with -change " + r.program.Data[0]
	}
	return errors.Errorf("the data have key %.12s, the run began with %.12s (%s): %s", now.Data, r.record.Data, why, remedy)
}

// sameModel returns an error if the configuration of a checkpoint differs from the model's, unless a changed flag is allowed.
func (r *Run) sameModel(dir string) error {
	if r.setup.Config == nil {
		return nil // loading the checkpoint compares the shapes of the weights
	}
	var then, now map[string]json.RawMessage
	if err := checkpoints.ReadConfig(dir, &then); err != nil {
		return err
	}
	text, err := json.Marshal(r.setup.Config)
	if err != nil {
		return errors.WithStack(err)
	}
	if err := json.Unmarshal(text, &now); err != nil {
		return errors.WithStack(err)
	}
	var differ []string
	for _, name := range slices.Sorted(maps.Keys(merged(then, now))) {
		if a, b := compact(then[name]), compact(now[name]); a != b {
			differ = append(differ, name+" is "+a+" in the run and "+b+" here")
		}
	}
	if len(differ) > 0 && len(r.changed) == 0 {
		return errors.Errorf("another model: %s: choose another -out", strings.Join(differ, ", "))
	}
	return nil
}

func merged(a, b map[string]json.RawMessage) map[string]json.RawMessage {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func compact(text json.RawMessage) string {
	var b bytes.Buffer
	if len(text) == 0 || json.Compact(&b, text) != nil {
		return "missing"
	}
	return b.String()
}
