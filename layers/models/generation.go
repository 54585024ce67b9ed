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

// ids returns the ids that begin and end texts: the ids of g, or bos and eos if g has none.
func (g Generation) ids(bos, eos []int32) (newBOS, newEOS []int32) {
	if len(g.BOS) > 0 {
		bos = g.BOS
	}
	if len(g.EOS) > 0 {
		eos = g.EOS
	}
	return bos, eos
}

func (m GPT) generating(g Generation) Model {
	m.BOS, m.EOS = g.ids(m.BOS, m.EOS)
	return m
}

func (m Llama) generating(g Generation) Model {
	m.BOS, m.EOS = g.ids(m.BOS, m.EOS)
	return m
}

func (m Seq2Seq) generating(g Generation) Model {
	m.BOS, m.EOS = g.ids(m.BOS, m.EOS)
	return m
}
