package mpi

import (
	"io"
	"os"
	"strconv"
	"time"
)

// Patience is the time without a sign of life after which a rank is lost. The ranks exchange signs of life every second, also while they
// compute, save or evaluate.
var Patience = 15 * time.Second

// Screen returns w, which shows progress. On ranks other than 0 it returns io.Discard.
func Screen(w io.Writer) io.Writer {
	if rank, _ := Launched(); rank > 0 {
		return io.Discard
	}
	return w
}

// Launched reports whether a launcher, such as mpirun or srun, has started this process as one of several ranks, and the rank.
func Launched() (rank int, ok bool) {
	for _, names := range [][2]string{{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"}, {"PMIX_RANK", "SLURM_STEP_NUM_TASKS"}, {"PMI_RANK", "PMI_SIZE"}} {
		rank, err := strconv.Atoi(os.Getenv(names[0]))
		size, e := strconv.Atoi(os.Getenv(names[1]))
		if err == nil && e == nil && size > 1 {
			return rank, true
		}
	}
	return 0, false
}
