package models

// Generation holds the ids in Hugging Face's generation_config.json that begin and end texts. If not empty, they replace the ids of
// config.json, as in Hugging Face's generate.
type Generation struct {
	BOS, EOS []int32
}

// UnmarshalJSON reads generation_config.json.
func (g *Generation) UnmarshalJSON(data []byte) error {
	var j struct {
		BOS ids `json:"bos_token_id"`
		EOS ids `json:"eos_token_id"`
	}
	if err := decode(data, "generation", &j); err != nil {
		return err
	}
	*g = Generation{j.BOS, j.EOS}
	return nil
}
