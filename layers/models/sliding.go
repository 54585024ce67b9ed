package models

import (
	"math"

	"github.com/pkg/errors"
)

// slidingFields are the keys that describe sliding layers.
type slidingFields struct {
	Window    *whole   `json:"sliding_window,omitempty"`
	UseWindow *bool    `json:"use_sliding_window,omitempty"`
	MaxFull   *whole   `json:"max_window_layers,omitempty"`
	Pattern   *whole   `json:"sliding_window_pattern,omitempty"`
	Types     []string `json:"layer_types,omitempty"`
}

// slidingFields returns the keys for the layers that slide.
func (m Llama) slidingFields() (f slidingFields) {
	if m.Family == "llama" {
		return f
	}
	if m.SlidingWindow != 0 {
		f.Window = set(whole(m.SlidingWindow))
	}
	if m.Family == "mistral" {
		return f
	}
	first := m.Layers // first layer that slides
	for i := range m.Layers {
		name := "full_attention"
		if m.Slides(i) {
			name, first = "sliding_attention", min(first, i)
		}
		f.Types = append(f.Types, name)
	}
	if !m.gemma() {
		f.UseWindow, f.MaxFull = set(m.SlidingWindow != 0), set(whole(first))
	}
	if m.Family == "gemma3_text" && m.Sliding == nil {
		f.Pattern = set[whole](6)
	}
	return f
}

// sliding reads the layers that slide.
func (j llamaJSON) sliding(m *Llama) error {
	window := j.slidingFields.Window
	if m.Family == "llama" || window == nil || *window == 0 || j.UseWindow != nil && !*j.UseWindow {
		return nil
	}
	m.SlidingWindow = int(*window)
	switch {
	case j.Types != nil:
		if len(j.Types) > math.MaxInt16 {
			return errors.Errorf("layer_types has %d layers, num_hidden_layers is %d", len(j.Types), m.Layers)
		}
		for i, name := range j.Types {
			if name != "full_attention" && name != "sliding_attention" {
				return errors.Errorf("layer_types[%d] is %q, want full_attention or sliding_attention", i, name)
			}
			m.Sliding = append(m.Sliding, name == "sliding_attention")
		}
	case j.Pattern != nil && *j.Pattern > 0:
		for i := range min(m.Layers, math.MaxInt16) {
			m.Sliding = append(m.Sliding, (i+1)%int(*j.Pattern) != 0)
		}
	case j.MaxFull != nil:
		for i := range min(m.Layers, math.MaxInt16) {
			m.Sliding = append(m.Sliding, i >= int(*j.MaxFull))
		}
	}
	m.simplify()
	return nil
}

// simplify removes Sliding if it is the family's rule.
func (m *Llama) simplify() {
	rule := *m
	if rule.Sliding = nil; len(m.Sliding) != m.Layers {
		return
	}
	for i, s := range m.Sliding {
		if rule.Slides(i) != s {
			return
		}
	}
	m.Sliding = nil
}
