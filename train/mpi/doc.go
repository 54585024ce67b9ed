// Package mpi trains one model with many processes, on one machine or many, over Open MPI. It needs the build tag mpi, cgo and Debian's
// libopenmpi-dev; without the tag nothing of MPI is needed, and Join only reports that the program lacks it.
//
//	apt-get install libopenmpi-dev openmpi-bin
//	go build -tags mpi -o gpt ./examples/gpt
//	mpirun -n 4 ./gpt train -data book.txt -out out/book -micro-batches 8
//
// The one idea: the number of ranks changes no bit. The gradients of the micro-batches of a step are added in a binary tree that does not
// know the ranks (train.Trainer), random numbers depend on the micro-batch, and a rank only computes a part of the tree. So 1, 2, 4 and 8
// ranks leave the same weights, a run resumes on another number of ranks, and train -verify checks any step on any number.
//
// Every program with package job trains this way, with nothing else changed. A step needs a micro-batch for each rank: with fewer, a new run
// divides its -batch and says so. Rank 0 writes the folder of the run; all ranks read it, so machines must share it (NFS, Lustre or a
// volume). -zero divides the optimizer's moments among the ranks. -dry-run -ranks 64 -link 1.25 -latency 50 estimates the time of a step.
//
// # One machine
//
// mpirun binds each rank to one core if there are at most two ranks, otherwise to a socket, and Go uses the cores that it is bound to. To
// give each rank 8 cores:
//
//	mpirun -n 4 --map-by slot:PE=8 ./gpt train …
//
// More ranks than cores need --oversubscribe, and root needs --allow-run-as-root.
//
// # Machines over ssh
//
// The program and the folder have the same path on all machines, and ssh needs no password. hosts lists them:
//
//	node1 slots=1
//	node2 slots=1
//
//	mpirun --hostfile hosts --map-by ppr:1:node --bind-to none ./gpt train -data book.txt -out /shared/book -micro-batches 8
//
// If machines have several networks, --mca btl_tcp_if_include 10.0.0.0/24 chooses one.
//
// # Slurm
//
//	#!/bin/bash
//	#SBATCH --nodes=8
//	#SBATCH --ntasks-per-node=1
//	#SBATCH --cpus-per-task=32
//	#SBATCH --signal=TERM@120
//	#SBATCH --requeue
//	resume=
//	[ -f /shared/book/run.json ] && resume=-resume
//	srun --mpi=pmix --kill-on-bad-exit=1 ./gpt train $resume -out /shared/book -data book.txt -micro-batches 16
//
// Two minutes before the end of the time, TERM makes the run save and leave. With srun, Open MPI must have been built for Slurm's PMIx;
// mpirun within the script works otherwise.
//
// # Kubernetes
//
// With the MPI operator (kubeflow.org/v2beta1), an image that holds gpt, Open MPI and sshd, and a volume that all pods write to:
//
//	apiVersion: kubeflow.org/v2beta1
//	kind: MPIJob
//	metadata: {name: book}
//	spec:
//	  slotsPerWorker: 1
//	  runPolicy: {backoffLimit: 100}
//	  mpiReplicaSpecs:
//	    Launcher:
//	      replicas: 1
//	      template:
//	        spec:
//	          restartPolicy: OnFailure
//	          containers:
//	          - name: launcher
//	            image: registry.example.com/gpt
//	            command: [sh, -c]
//	            args:
//	            - |
//	              [ -f /shared/book/run.json ] && resume=-resume
//	              exec mpirun -n 8 --bind-to none /gpt train $resume -out /shared/book -data /shared/book.txt -micro-batches 16
//	            volumeMounts: [{name: shared, mountPath: /shared}]
//	          volumes: [{name: shared, persistentVolumeClaim: {claimName: shared}}]
//	    Worker:
//	      replicas: 8
//	      template:
//	        spec:
//	          containers:
//	          - name: worker
//	            image: registry.example.com/gpt
//	            resources: {limits: {cpu: 32, memory: 64Gi}}
//	            volumeMounts: [{name: shared, mountPath: /shared}]
//	          volumes: [{name: shared, persistentVolumeClaim: {claimName: shared}}]
//
// # Lost ranks
//
// If a rank ends, mpirun names it and ends the others within seconds. If a machine hangs or its network is gone, the ranks notice that it
// gives no sign of life for Patience, name it and end. Continue with -resume, on as many ranks as are left: the run repeats the steps since
// its last checkpoint and ends with the same weights.
//
// Ctrl-C in mpirun gives the ranks one second to save. More time:
//
//	mpirun --mca odls_base_sigkill_timeout 60 …
//
// # Numbers
//
// All ranks must compute the same bits: with the same program on processors with AVX2, or with -portable on any that -portable supports. The
// ranks compare settings, data and weights when they begin.
//
// One thread makes all calls of MPI. It asks for the end of a message with pauses, so that it leaves the processor to the training.
package mpi
