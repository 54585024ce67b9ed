// Package job is the kit of a training program: a folder that knows its run, and everything around the loop but the loop.
//
// The one idea: a run resumes from its folder alone. It holds the flags, the key of the data and the fingerprint of the
// tokenizer (run.json), checkpoints, the log and at last the model, so `train -resume -out DIR` continues with the run's own settings,
// bit for bit. Flags, data or a tokenizer that differ from the run's are refused by name.
//
//	run, err := job.Open(&options, job.Program{Name: "own", Flags: flag.CommandLine})
//	if err != nil {
//		return err
//	}
//	defer run.Close()
//	…                                       // data, model, Programs, Trainer
//	if err := run.Start(setup); err != nil {
//		return err
//	}
//	for r, err := range trainer.Steps(run.Context(), batches) {
//		if err != nil {
//			return err
//		}
//		run.Step(r)
//		if run.Due() && run.Save(run.Evaluate()) {
//			break
//		}
//	}
//	_, err = run.Finish()
//	return err
//
// One process at a time uses a folder: Open locks it, and the lock ends with the process. Ctrl-C, SIGTERM and a closed terminal end the
// loop after its step; Finish then saves the run, and the model once all steps are done.
//
// With -dry-run the same code prints the needs of the run and makes no step. The package's example is a whole program.
//
// Errors: they come back to the caller, with the names and both values that disagree. Those of Step, Evaluate and Save are sticky: the
// first ends the loop and is returned by Finish. The log and the plot never cost the model.
package job
