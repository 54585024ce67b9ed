// Package mpi starts one training on many processes and machines.
package mpi
