//go:build mpi

#include "comm.h"
#include <fcntl.h>
#include <mpi.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

enum { beat_tag = 1, chain_tag };

// A broadcast of more than two pieces passes from rank to rank in pieces of this many bytes.
enum { piece = 32 << 10 };

static MPI_Comm data, beats;
static int rank, size;
static double patience, checked, beaten;
static double *heard;      // when a rank was last heard
static MPI_Request *pulse; // the last heartbeat to a rank
static char *hosts, text[MPI_MAX_ERROR_STRING];

int mpi_join(double seconds, int *r, int *s) {
	setenv("OMPI_MCA_opal_signal", "", 0); // Open MPI's signal handlers would replace Go's
	int provided, code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
	if (code) return code;
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
	if ((code = MPI_Comm_dup(MPI_COMM_WORLD, &data)) || (code = MPI_Comm_dup(MPI_COMM_WORLD, &beats))) return code;
	char host[MPI_MAX_PROCESSOR_NAME] = "";
	int length;
	MPI_Get_processor_name(host, &length);
	hosts = calloc(size, sizeof host);
	heard = calloc(size, sizeof *heard);
	pulse = calloc(size, sizeof *pulse);
	for (int i = 0; i < size; i++) {
		heard[i] = MPI_Wtime();
		pulse[i] = MPI_REQUEST_NULL;
	}
	checked = beaten = MPI_Wtime();
	patience = seconds;
	*r = rank, *s = size;
	return MPI_Allgather(host, sizeof host, MPI_CHAR, hosts, sizeof host, MPI_CHAR, data);
}

// mpi_beat sends heartbeats and checks that others arrive: rank 0 with all ranks, the others with rank 0.
int mpi_beat(int *lost) {
	double now = MPI_Wtime();
	if (now - checked < 0.1) return 0;
	int slept = now - checked > patience / 2; // this process was stopped itself
	checked = now;
	int first = rank == 0 ? 1 : 0, end = rank == 0 ? size : 1, some, done, code;
	MPI_Status status;
	char c = 0;
	while (!(code = MPI_Iprobe(MPI_ANY_SOURCE, beat_tag, beats, &some, &status)) && some) {
		if ((code = MPI_Recv(&c, 1, MPI_CHAR, status.MPI_SOURCE, beat_tag, beats, MPI_STATUS_IGNORE))) return code;
		heard[status.MPI_SOURCE] = now;
	}
	if (code) return code;
	for (int i = first; i < end; i++) {
		if (slept) heard[i] = now;
		if (now - heard[i] > patience) {
			*lost = i;
			return RANK_LOST;
		}
		if (now - beaten < 1) continue;
		if ((code = MPI_Test(&pulse[i], &done, MPI_STATUS_IGNORE))) return code;
		if (done && (code = MPI_Isend(text, 1, MPI_CHAR, i, beat_tag, beats, &pulse[i]))) return code;
	}
	if (now - beaten >= 1) beaten = now;
	return 0;
}

// rest pauses between two questions for the end of a message. It soon sleeps, because the processor has better work.
static int rest(int tries, int *lost) {
	if (tries < 50) {
		sched_yield();
		return 0;
	}
	int code = mpi_beat(lost);
	if (!code) usleep(tries < 1000 ? 20 : 200);
	return code;
}

// finish waits for a request.
static int finish(MPI_Request *request, MPI_Status *status, int *lost) {
	for (int tries = 0, done = 0, code;; tries++) {
		if ((code = MPI_Test(request, &done, status)) || done || (code = rest(tries, lost))) return code;
	}
}

int mpi_send(const void *p, int count, int to, int *lost) {
	MPI_Request request;
	int code = MPI_Isend(p, count, MPI_BYTE, to, 0, data, &request);
	return code ? code : finish(&request, MPI_STATUS_IGNORE, lost);
}

int mpi_receive(void *p, int count, int from, int *got, int *lost) {
	MPI_Request request;
	MPI_Status status;
	int code = MPI_Irecv(p, count, MPI_BYTE, from, 0, data, &request);
	if (code || (code = finish(&request, &status, lost))) return code;
	MPI_Get_count(&status, MPI_BYTE, got);
	return *got == count ? 0 : RANK_SHORT;
}

// chain broadcasts along the ranks in pieces: every rank passes a piece on while it receives the next ones. So a large message takes
// little longer than one transfer, where a tree takes one for each level.
static int chain(char *p, int count, int from, int *lost) {
	enum { window = 64 };
	MPI_Request in[window], out[window];
	int pieces = (count + piece - 1) / piece, at = (rank - from + size) % size;
	int before = (rank - 1 + size) % size, after = (rank + 1) % size, passes = at < size - 1;
	int posted = 0, got = at ? 0 : pieces, begun = 0, sent = passes ? 0 : pieces, done, code;
	for (int tries = 0; got < pieces || sent < pieces; tries++) {
		for (; at && posted < pieces && posted - got < window; posted++) {
			int n = posted < pieces - 1 ? piece : count - posted * piece;
			if ((code = MPI_Irecv(p + posted * piece, n, MPI_BYTE, before, chain_tag, data, &in[posted % window]))) return code;
		}
		for (; passes && begun < got && begun - sent < window; begun++) {
			int n = begun < pieces - 1 ? piece : count - begun * piece;
			if ((code = MPI_Isend(p + begun * piece, n, MPI_BYTE, after, chain_tag, data, &out[begun % window]))) return code;
		}
		int moved = got + sent;
		for (done = 1; done && got < posted; got += done)
			if ((code = MPI_Test(&in[got % window], &done, MPI_STATUS_IGNORE))) return code;
		for (done = 1; done && sent < begun; sent += done)
			if ((code = MPI_Test(&out[sent % window], &done, MPI_STATUS_IGNORE))) return code;
		if (got + sent > moved) tries = 0;
		else if ((code = rest(tries, lost))) return code;
	}
	return 0;
}

int mpi_broadcast(void *p, int count, int from, int *lost) {
	if (size > 2 && count > 2 * piece) return chain(p, count, from, lost);
	MPI_Request request;
	int code = MPI_Ibcast(p, count, MPI_BYTE, from, data, &request);
	return code ? code : finish(&request, MPI_STATUS_IGNORE, lost);
}

int mpi_leave(int *lost) {
	MPI_Request request;
	MPI_Status status;
	int some, done, code = MPI_Ibarrier(data, &request);
	if (code || (code = finish(&request, MPI_STATUS_IGNORE, lost))) return code;
	for (int i = 0; i < size; i++) MPI_Test(&pulse[i], &done, MPI_STATUS_IGNORE);
	while (!MPI_Iprobe(MPI_ANY_SOURCE, beat_tag, beats, &some, &status) && some) {
		char c;
		MPI_Recv(&c, 1, MPI_CHAR, status.MPI_SOURCE, beat_tag, beats, MPI_STATUS_IGNORE);
	}
	return MPI_Finalize();
}

void mpi_abort(void) { MPI_Abort(MPI_COMM_WORLD, 1); }

const char *mpi_text(int code) {
	int length;
	if (MPI_Error_string(code, text, &length)) return "unknown error";
	return text;
}

const char *mpi_host(int r) { return hosts + (size_t)r * MPI_MAX_PROCESSOR_NAME; }
