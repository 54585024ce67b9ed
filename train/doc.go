// Package train fits the parameters of a graph.Program: optimizers, schedules of the learning rate, clipping, the loop, and
// metrics. Package train/data has corpora and batches.
//
// The one idea: everything that a run draws from is a pure function of a number. Batch i of a Source depends on its seed and on i
// alone, the learning rate on the step alone, dropout on the number of the micro-batch alone. So where a run stands is a few
// integers (State), and a resumed run repeats the uninterrupted one bit for bit.
//
// The loop is the caller's own:
//
//	for r, err := range tr.Steps(ctx, corpus.Batches(12, 64)) {
//		if err != nil {
//			return err
//		}
//		…
//	}
//
// Shape letters: B rows of a batch, T positions of a row, S positions of a source row, V vocabulary. Inputs are fed by name:
// tokens, targets, lengths, source and source_lengths, all int32; a target of ops.IgnoreTarget does not count.
//
// Errors: every error comes back to the caller, with the names, positions and both values that disagree. Nothing panics on what
// a user gives. After an error of a step the parameters are those of the step before, unless the error is the optimizer's own.
package train
