package models

import (
	"slices"
	"strconv"

	"github.com/pkg/errors"
)

// checkLabels returns an error for fewer than two labels and for equal labels.
func checkLabels(model string, labels []string) error {
	if len(labels) < 2 {
		return errors.Errorf("models: %s: %d labels %q, want at least 2", model, len(labels), labels)
	}
	first := map[string]int{}
	for i, l := range labels {
		if j, seen := first[l]; seen {
			return errors.Errorf("models: %s: classes %d and %d have the same label %q", model, j, i, l)
		}
		first[l] = i
	}
	return nil
}

// labelFields are the keys of a config.json that name classes, in the form of Hugging Face's classifiers.
type labelFields struct {
	IDToLabel map[string]string `json:"id2label,omitempty"`
	LabelToID map[string]int    `json:"label2id,omitempty"`
}

func labelFieldsOf(labels []string) labelFields {
	f := labelFields{map[string]string{}, map[string]int{}}
	for i, l := range labels {
		f.IDToLabel[strconv.Itoa(i)], f.LabelToID[l] = l, i
	}
	return f
}

// labels returns the labels of id2label in the order of their ids. label2id may be missing.
func (f labelFields) labels(model string) ([]string, error) {
	if f.LabelToID != nil && len(f.LabelToID) != len(f.IDToLabel) {
		return nil, errors.Errorf("models: %s configuration: id2label has %d labels, label2id has %d: make them agree", model, len(f.IDToLabel), len(f.LabelToID))
	}
	labels := make([]string, len(f.IDToLabel))
	for i := range labels {
		label, ok := f.IDToLabel[strconv.Itoa(i)]
		if !ok {
			return nil, errors.Errorf("models: %s configuration: id2label has %d labels but no label of id %d", model, len(labels), i)
		}
		if id, ok := f.LabelToID[label]; f.LabelToID != nil && (!ok || id != i) {
			return nil, errors.Errorf("models: %s configuration: id2label says that %d is %q, label2id says %d: make them agree", model, i, label, id)
		}
		labels[i] = label
	}
	return labels, nil
}

// headFields are the keys of a config.json that describe the head of an encoder.
type headFields struct {
	Architectures []string `json:"architectures,omitempty"`
	labelFields
	NumLabels *whole  `json:"num_labels,omitempty"`
	Problem   *string `json:"problem_type,omitempty"`
}

// maxLabels bounds num_labels, so that a wrong number does not fill the memory.
const maxLabels = 1 << 20

// classes returns the labels of a classifier. Without id2label they are Hugging Face's LABEL_0, LABEL_1, …, two unless num_labels is set.
func (f headFields) classes(model string) ([]string, error) {
	if f.Problem != nil && *f.Problem != "single_label_classification" {
		return nil, errors.Errorf("models: %s configuration: problem_type is %q, want single_label_classification", model, *f.Problem)
	}
	if f.IDToLabel != nil {
		if n := len(f.IDToLabel); f.NumLabels != nil && int(*f.NumLabels) != n {
			return nil, errors.Errorf("models: %s configuration: num_labels is %d, id2label has %d labels: make them agree", model, *f.NumLabels, n)
		}
		return f.labels(model)
	}
	n := int(or(f.NumLabels, 2))
	if n < 2 || n > maxLabels {
		return nil, errors.Errorf("models: %s configuration: num_labels is %d, want 2 … %d", model, n, maxLabels)
	}
	labels := make([]string, n)
	for i := range labels {
		labels[i] = "LABEL_" + strconv.Itoa(i)
	}
	return labels, nil
}

// head returns the head of the first architecture. heads lists the heads by architecture. Without an architecture it is the default.
func (f headFields) head(model string, heads map[string]string, otherwise string) (string, error) {
	if len(f.Architectures) == 0 {
		return otherwise, nil
	}
	head, ok := heads[f.Architectures[0]]
	if !ok {
		return "", errors.Errorf("models: %s configuration: architectures has %q, want one of %s", model, f.Architectures[0], names(heads))
	}
	return head, nil
}

// architecture returns the first architecture, in alphabetic order, that has a head.
func architecture(heads map[string]string, head string) []string {
	var all []string
	for name, h := range heads {
		if h == head {
			all = append(all, name)
		}
	}
	return []string{slices.Min(all)}
}
