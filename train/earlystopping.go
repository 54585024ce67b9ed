package train

// EarlyStopping ends a run whose validation loss no longer falls (Prechelt 1998, "Early Stopping — But When?"). All of it is
// state of the run and JSON-encodable: save it with the rest.
type EarlyStopping struct {
	Patience int     `json:"patience"`  // evaluations in a row without improvement that end the run; 0 never does
	MinDelta float64 `json:"min_delta"` // by how much a loss must be below the best to be an improvement

	Best  float64 `json:"best"`  // lowest loss that was an improvement; 0 before the first
	Since int     `json:"since"` // evaluations since the last improvement
	Count int     `json:"count"` // evaluations with a finite loss
}

// Stop takes the loss of an evaluation and says whether the run should end. A loss that is not finite is no improvement.
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

// Improved says whether the last evaluation was an improvement: the moment to keep a copy of the parameters.
func (e *EarlyStopping) Improved() bool { return e.Count > 0 && e.Since == 0 }
