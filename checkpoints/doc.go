// Package checkpoints keeps models and training runs on disk: safetensors files, model folders in the
// Hugging Face layout, and checkpoints from which a run continues.
//
// The one idea: every write is atomic. A file or folder is written under a hidden name in the same folder, synced, and
// renamed to its real name. So a process killed at any moment leaves nothing half-written under a real name.
//
// A [Run] is a folder of checkpoints: [Run.Save] writes a [Checkpoint], which holds a [Model] and the state of its training, and
// [Run.Latest] returns the newest as a [Saved].
//
// Tensors are read and written as a sequence of names and tensors, such as graph.Params.All(). The package imports nothing
// of the framework and serves any Gorgonia program.
//
// A model folder, written by [SaveModel] and read by [ReadConfig] and [LoadWeights]:
//
//	config.json                       the architecture, in the field names of the model's family
//	model.safetensors                 the weights, or, when larger than Model.ShardBytes,
//	model-00001-of-00003.safetensors  … in shards, and
//	model.safetensors.index.json      the shard of each weight
//	tokenizer.json, …                 other files, as given
//
// An adapter of another model, in the layout of Hugging Face's PEFT, is written by [SaveModel] too and read by [ReadAdapterConfig] and
// [LoadAdapter]:
//
//	adapter_config.json               the adapter, in PEFT's field names
//	adapter_model.safetensors         its weights, by PEFT's names
//	config.json, tokenizer.json, …    as above
//
// A run, written by [Run.Save] and found by [Run.Latest] and [Run.Best], is a folder of checkpoints:
//
//	step-00001000/                    a model folder and
//	    optimizer.safetensors         the optimizer's tensors
//	    trainer_state.json            the caller's state, to continue the run
//	    checkpoint.json               step, validation loss, and size and CRC-32C of every file above
//
// A checkpoint is whole if checkpoint.json names the folder's step and matches its own checksum, and every listed file has the
// size and the checksum with which it was saved. Reading verifies all of this; saving checks only sizes and headers.
// Hidden names (.step-00001000.tmp-…) are leftovers of killed processes: readers ignore them and the next save removes
// them. One process at a time may save to a run or a folder; any number may read.
//
// [LoadWeights] copies weights, in parts and on all processors, and needs no memory but the parameters'. [OpenWeights] is for Programs that only
// run: [Weights.Mapped] returns weights in the memory of their file, so that a model opens in the time of its header. Such a file must not be
// changed in place while it is in use. Saving replaces files by renaming, so it may go on next to a Program that reads them. A file that
// another program cuts makes the next run an error and leaves the process alive (see graph.CatchFaults); values that another program
// overwrites in place are used as they are found. Where the system maps no files, such as Windows, weights are copied.
//
// Errors name the file, the tensor and the two values that disagree. Nothing panics on the content of a file: the
// header of a safetensors file is bounded before it is read, and a tensor is allocated only after the file is known to have
// its data. Values are little-endian, as the format demands; a big-endian machine is refused.
package checkpoints
