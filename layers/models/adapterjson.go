package models

import (
	"encoding/json"
	"regexp"
	"slices"
)

// adapterJSON is the content of adapter_config.json. Missing fields have PEFT's defaults.
type adapterJSON struct {
	Type       string             `json:"peft_type"`
	Task       *string            `json:"task_type"`
	Base       *string            `json:"base_model_name_or_path"`
	Inference  bool               `json:"inference_mode"`
	Rank       int                `json:"r"`
	Alpha      float64            `json:"lora_alpha"`
	Dropout    float64            `json:"lora_dropout"`
	Targets    moduleList         `json:"target_modules"`
	Conv1Ds    bool               `json:"fan_in_fan_out"`
	Init       any                `json:"init_lora_weights"`
	RS         bool               `json:"use_rslora"`
	Ranks      map[string]int     `json:"rank_pattern"`
	Alphas     map[string]float64 `json:"alpha_pattern"`
	Bias       string             `json:"bias"`
	DoRA       bool               `json:"use_dora"`
	Saved      []string           `json:"modules_to_save"`
	Layers     any                `json:"layers_to_transform"`
	Pattern    any                `json:"layers_pattern"`
	Excluded   any                `json:"exclude_modules,omitempty"`
	LoRABias   bool               `json:"lora_bias,omitempty"`
	Tokens     any                `json:"trainable_token_indices,omitempty"`
	Parameters any                `json:"target_parameters,omitempty"`
}

// moduleList is target_modules: names, or a string with a regular expression or all-linear.
type moduleList []string

func (l *moduleList) UnmarshalJSON(text []byte) error {
	var expression string
	if json.Unmarshal(text, &expression) != nil {
		return json.Unmarshal(text, (*[]string)(l))
	}
	if *l = []string{"^(?:" + expression + ")$"}; expression == "all-linear" {
		*l = []string{"all"}
	}
	return nil
}

// MarshalJSON returns adapter_config.json as PEFT reads it.
func (a Adapter) MarshalJSON() ([]byte, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	j := adapterJSON{
		Type: "LORA", Base: &a.Base, Inference: true, Rank: a.Rank, Alpha: a.Alpha, Dropout: a.Dropout, Targets: slices.Clone(a.Targets), Conv1Ds: a.Conv1Ds,
		Init: true, RS: a.RS, Saved: a.Saved, Ranks: a.Ranks, Alphas: a.Alphas, Bias: "none",
	}
	if j.Ranks == nil {
		j.Ranks = map[string]int{}
	}
	if j.Alphas == nil {
		j.Alphas = map[string]float64{}
	}
	if a.Task != "" {
		j.Task = &a.Task
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads adapter_config.json. It is an error if the adapter is of another kind or has parts that LoRA does not have.
func (a *Adapter) UnmarshalJSON(data []byte) error {
	j := adapterJSON{Rank: 8, Alpha: 8, Bias: "none", Init: true}
	if err := decode(data, "adapter", &j); err != nil {
		return err
	}
	if err := j.check(); err != nil {
		return err
	}
	read := Adapter{Conv1Ds: j.Conv1Ds}
	read.Rank, read.Alpha, read.RS, read.Dropout, read.Targets, read.Ranks, read.Alphas = j.Rank, j.Alpha, j.RS, j.Dropout, j.Targets, j.Ranks, j.Alphas
	read.Saved = j.Saved
	if j.Base != nil {
		read.Base = *j.Base
	}
	if j.Task != nil {
		read.Task = *j.Task
	}
	if err := read.Check(); err != nil {
		return err
	}
	read.Name = a.Name
	*a = read
	return nil
}

// changesBase matches the values of init_lora_weights whose adapters need a changed base.
var changesBase = regexp.MustCompile(`(?i)^(pissa|olora|loftq|corda)`)

func (j adapterJSON) check() error {
	if init, ok := j.Init.(string); ok && changesBase.MatchString(init) {
		return unsupported("init_lora_weights", init, "true: convert the adapter in PEFT, with path_initial_model_for_weight_conversion")
	}
	switch {
	case j.Type != "LORA":
		return unsupported("peft_type", j.Type, "LORA")
	case j.Bias != "none":
		return unsupported("bias", j.Bias, "none")
	case j.DoRA:
		return unsupported("use_dora", true, "false")
	case j.LoRABias:
		return unsupported("lora_bias", true, "false")
	}
	for key, value := range map[string]any{
		"layers_to_transform": j.Layers, "layers_pattern": j.Pattern, "exclude_modules": j.Excluded, "trainable_token_indices": j.Tokens,
		"target_parameters": j.Parameters,
	} {
		if list, ok := value.([]any); value != nil && !(ok && len(list) == 0) {
			return unsupported(key, value, "null: name the layers in target_modules")
		}
	}
	return nil
}
