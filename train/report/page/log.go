package page

// Row is a step of the run.
type Row struct {
	Step    int     `json:"step"`
	Loss    float64 `json:"loss"`
	Norm    float64 `json:"norm"` // of the gradient
	Rate    float64 `json:"rate"`
	Tokens  int     `json:"tokens"`
	Seconds float64 `json:"seconds"`
	Parts   []Part  `json:"parts"` // of some steps only
}

// Part is the state of training of the weights at one path, with the indices of lists merged: h.*.attn.
type Part struct {
	Path   string  `json:"path"`
	Norm   float64 `json:"norm"`   // of the gradient
	Update float64 `json:"update"` // norm of the step's change over the norm of the weights
}

// Score is an evaluation.
type Score struct {
	Step     int      `json:"step"`
	Loss     float64  `json:"loss"`
	Accuracy *float64 `json:"accuracy"` // null if there is none
}

// Sample is a text that the model wrote after a step.
type Sample struct {
	Step int    `json:"step"`
	Text string `json:"text"`
}

// Log is everything that a run has logged.
type Log struct {
	Rows    []Row    `json:"rows"` // at most 2,000, thinned evenly
	Scores  []Score  `json:"scores"`
	Samples []Sample `json:"samples"`
	Last    int      `json:"last"` // step of the run's end
	Live    bool     `json:"live"`
}

// Batch is the training data of a step.
type Batch struct {
	Step    int       `json:"step"`
	Weights int       `json:"weights"` // step of the checkpoint whose weights give the losses
	Texts   [][]Token `json:"texts"`   // at most 64; LogProb is of the token in this batch
}
