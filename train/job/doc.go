// Package job is the kit of a training program: the folder of a run, and everything around the training loop except the loop.
//
// The one idea: a run resumes from its folder alone. The folder holds the flags, the key of the data and the fingerprint of the
// tokenizer (run.json), the checkpoints, the log and at the end the model. So `train -resume -out DIR` continues with the run's own
// settings, bit for bit, from any folder: it keeps paths absolute. If flags, data or the tokenizer differ from the run's, an error names
// the difference.
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
// loop after the current step. Finish then saves the run. After the last step it saves the model.
//
// Learning holds the flags of the optimizer, its rate, groups of weights and averages. With -config the flags come from a TOML file; a
// run keeps its flags in run.toml. With -sweep a program runs once for each combination of values and prints a table. With -find-lr it tests
// learning rates. -sweep needs a program that calls RunSweep after it has parsed its flags.
//
// With -dry-run the same code prints the memory and the time that the run needs, and trains no step. The package's example is a whole
// program.
//
// Under mpirun, every program with a Run trains on all ranks, with nothing else changed; see package train/mpi. Rank 0 writes the folder and
// the lines.
//
// log.csv has a row for each step, and watch.jsonl the samples and, for about a hundred steps, the gradient and the change of each part of
// the model. The page of -watch and that of examples/explore show both.
//
// The folder also proves the run. run.json has a hash of all that determines the weights, weights.csv their sum after every step. With
// -verify N, the same code recomputes step N from the checkpoint before it and compares the bits; the run stays as it is.
//
// Errors: they are returned, with the names and both values that disagree. Errors of Step, Evaluate and Save are sticky: the first ends
// the loop, and Finish returns it. A failure of the log or the plot never loses the model.
package job
