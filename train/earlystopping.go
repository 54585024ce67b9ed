package train

// EarlyStopping ends a run whose validation loss no longer falls (Prechelt 1998, "Early Stopping — But When?"), or whose score no
// longer rises. It is part of the state of the run: save it as JSON with the State.
type EarlyStopping struct {
	Patience int     `json:"patience"`         // consecutive evaluations without improvement that end the run; 0 never ends it
	MinDelta float64 `json:"min_delta"`        // an improvement is a loss below Best by more than MinDelta
	Higher   bool    `json:"higher,omitempty"` // an improvement is a value above Best by more than MinDelta

	Best  float64 `json:"best"`  // value of the last improvement; 0 before the first
	Since int     `json:"since"` // evaluations since the last improvement
	Count int     `json:"count"` // evaluations with a finite value
}

// Stop records the value of an evaluation, a loss or a score, and reports whether the run should end. A value that is not finite is no
// improvement.
func (e *EarlyStopping) Stop(value float64) bool {
	finite := value-value == 0
	better := value < e.Best-e.MinDelta
	if e.Higher {
		better = value > e.Best+e.MinDelta
	}
	if finite && (e.Count == 0 || better) {
		e.Best, e.Since = value, 0
	} else {
		e.Since++
	}
	if finite {
		e.Count++
	}
	return e.Patience > 0 && e.Since >= e.Patience
}

// Improved reports whether the last evaluation was an improvement. If so, keep a copy of the parameters.
func (e *EarlyStopping) Improved() bool { return e.Count > 0 && e.Since == 0 }
