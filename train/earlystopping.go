package train

// EarlyStopping ends a run whose validation loss no longer falls (Prechelt 1998, "Early Stopping — But When?"). It is part of the
// state of the run: save it as JSON with the State.
type EarlyStopping struct {
	Patience int     `json:"patience"`  // consecutive evaluations without improvement that end the run; 0 never ends it
	MinDelta float64 `json:"min_delta"` // an improvement is a loss below Best by more than MinDelta

	Best  float64 `json:"best"`  // loss of the last improvement; 0 before the first
	Since int     `json:"since"` // evaluations since the last improvement
	Count int     `json:"count"` // evaluations with a finite loss
}

// Stop records the loss of an evaluation and reports whether the run should end. A loss that is not finite is no improvement.
func (e *EarlyStopping) Stop(loss float64) bool {
	finite := loss-loss == 0
	if finite && (e.Count == 0 || loss < e.Best-e.MinDelta) {
		e.Best, e.Since = loss, 0
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
