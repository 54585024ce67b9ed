package mpi

import "time"

// Leave ends the part of this process in its ranks. A program calls it before it exits, with its error. Without ranks Leave does nothing.
//
// If err is nil, Leave waits for the other ranks. Otherwise, ranks other than 0 wait for a moment: if rank 0 fails in the same way, it
// reports the error, and Abort ends them. After the report, call Abort.
func Leave(err error) error {
	rank, ok := Launched()
	switch {
	case !ok:
		return err
	case err == nil:
		return leave()
	case rank > 0:
		time.Sleep(3 * time.Second) // mpirun needs a second to end the others
	}
	return err
}
