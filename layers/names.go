package layers

// AttentionNames are the names and layouts of an attention's projections, so that published weights load without conversion. The
// zero value means PyTorchAttention. A projection NAME has the parameters NAME.weight and NAME.bias.
type AttentionNames struct {
	QKV     string // one packed projection of queries, keys and values; "" means three: Q, K and V
	Flat    bool   // the packed parameters are QKV_weight and QKV_bias
	PerHead bool   // the packed rows are grouped by head: each has its query, its key, its value
	Q, K, V string
	Out     string
	InOut   bool // weights are (in, out), as in GPT-2's Conv1D, not (out, in)
}

// The names of published families.
var (
	PyTorchAttention    = AttentionNames{QKV: "in_proj", Flat: true, Out: "out_proj"} // torch.nn.MultiheadAttention
	GPT2Attention       = AttentionNames{QKV: "c_attn", Out: "c_proj", InOut: true}
	LlamaAttention      = AttentionNames{Q: "q_proj", K: "k_proj", V: "v_proj", Out: "o_proj"}
	BERTAttention       = AttentionNames{Q: "self.query", K: "self.key", V: "self.value", Out: "output.dense"}
	ViTAttention        = AttentionNames{Q: "attention.query", K: "attention.key", V: "attention.value", Out: "output.dense"}
	T5Attention         = AttentionNames{Q: "q", K: "k", V: "v", Out: "o"}
	ModernBERTAttention = AttentionNames{QKV: "Wqkv", Out: "Wo"}
	MPTAttention        = AttentionNames{QKV: "Wqkv", Out: "out_proj"}
	BLOOMAttention      = AttentionNames{QKV: "query_key_value", PerHead: true, Out: "dense"}
)

func (n AttentionNames) orPyTorch() AttentionNames {
	if n == (AttentionNames{}) {
		return PyTorchAttention
	}
	return n
}

// MLPNames are the names and layouts of an MLP's linear layers. The zero value means PyTorchMLP in MLP and LlamaMLP in GatedMLP.
type MLPNames struct {
	In    string // first layer; in GatedMLP, the layer that the gate multiplies
	Gate  string // gate of a GatedMLP; "" means that In holds the gate, then the layer that it multiplies
	Out   string // last layer
	InOut bool   // weights are (in, out), as in GPT-2's Conv1D, not (out, in)
	Conv  bool   // weights are (out, in, 1), as in a convolution of width 1
}

// The names of published families. BERTMLP is ViT's too.
var (
	PyTorchMLP    = MLPNames{In: "linear1", Out: "linear2"} // torch.nn.TransformerEncoderLayer
	GPT2MLP       = MLPNames{In: "c_fc", Out: "c_proj", InOut: true}
	BERTMLP       = MLPNames{In: "intermediate.dense", Out: "output.dense"}
	T5MLP         = MLPNames{In: "wi", Out: "wo"}
	MPTMLP        = MLPNames{In: "up_proj", Out: "down_proj"}
	BLOOMMLP      = MLPNames{In: "dense_h_to_4h", Out: "dense_4h_to_h"}
	LlamaMLP      = MLPNames{In: "up_proj", Gate: "gate_proj", Out: "down_proj"}
	T5GatedMLP    = MLPNames{In: "wi_1", Gate: "wi_0", Out: "wo"}
	ModernBERTMLP = MLPNames{In: "Wi", Out: "Wo"}
	SASRecMLP     = MLPNames{In: "conv1", Out: "conv2", Conv: true}
)

// or returns n, or the default if n is zero.
func (n MLPNames) or(otherwise MLPNames) MLPNames {
	if n == (MLPNames{}) {
		return otherwise
	}
	return n
}
