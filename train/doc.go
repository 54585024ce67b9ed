// Package train fits the parameters of a graph.Program. It has optimizers, schedules of the learning rate, clipping, the loop and
// metrics. Package train/data has corpora and batches.
//
// The one idea: every input of a run is a pure function of an integer. Batch i of a Source depends only on its seed and on i, the
// learning rate only on the step, dropout only on the number of the micro-batch. So a few integers (State) are the position of a
// run, and a resumed run repeats the uninterrupted run bit for bit.
//
// The caller writes the loop:
//
//	for r, err := range tr.Steps(ctx, corpus.Batches(12, 64)) {
//		if err != nil {
//			return err
//		}
//		…
//	}
//
// The optimizers are AdamW and Adam, Muon, Lion, Adafactor, ScheduleFree, LAMB and SGD. ParamGroups give parameters a rate or a decay of
// their own. EMA keeps a moving average of the weights. EMA and ScheduleFree are Averaging: they evaluate and save other weights than
// they train. Package train/job switches between the two.
//
// Shape letters: B rows of a batch, T positions of a row, S positions of a source row, V vocabulary. Inputs are fed by name:
// tokens, targets, lengths, source and source_lengths, all int32. A target of ops.IgnoreTarget does not count.
//
// Errors: every error is returned, with the names, the positions and both values that disagree. No user input causes a panic.
// If a step fails, the parameters keep their values of the step before, unless the optimizer itself failed.
package train
