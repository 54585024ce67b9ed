// Package checkpoints keeps models and training runs on disk: safetensors files, model folders in the
// Hugging Face layout, and checkpoints from which a run continues.
//
// The one idea: a name on disk is either what it was before or wholly what it should become. Files and folders
// are written beside their place under a hidden name, flushed to the disk, and renamed into it, so a process
// killed at any moment leaves nothing half-written under a real name.
//
// Tensors come and go as a sequence of names and tensors, such as graph.Params.All() gives; the package imports nothing
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
// A run, written by [Run.Save] and found again by [Run.Latest] and [Run.Best], is a folder of checkpoints:
//
//	step-00001000/                    a model folder and
//	    optimizer.safetensors         the optimizer's tensors
//	    trainer_state.json            what else the caller needs to continue
//	    checkpoint.json               step, validation loss, and size and CRC-32C of every file above
//
// A checkpoint is whole when checkpoint.json names the folder's step and agrees with its own checksum, and every file it lists has the
// size and the checksum with which it was saved. Reading verifies all of it; saving glances at sizes and headers only.
// Hidden names (.step-00001000.tmp-…) are leftovers of killed processes: readers pass over them and the next save removes
// them. One process at a time may save to a run or a folder; any number may read.
//
// Errors name the file, the tensor and the two values that disagree. Nothing panics on the content of a file: the
// header of a safetensors file is bounded before it is read, and no tensor is allocated before its size is known
// to be in the file. Values are stored as the format has them, little-endian; a big-endian machine is refused.
package checkpoints
