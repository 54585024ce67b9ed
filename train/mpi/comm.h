// The calls of MPI. All are made by one thread, which is the one that called mpi_join.

// A rank that sends no heartbeat for this many seconds is lost.
int mpi_join(double patience, int *rank, int *size);

// These return 0, or an error code for mpi_text. If a rank is lost, they return RANK_LOST and set *lost.
enum { RANK_LOST = -1, RANK_SHORT = -2 };
int mpi_send(const void *data, int count, int to, int *lost);
int mpi_receive(void *data, int count, int from, int *got, int *lost);
int mpi_broadcast(void *data, int count, int from, int *lost);
int mpi_beat(int *lost);

int mpi_leave(int *lost);
void mpi_abort(void);

// mpi_text describes an error code, mpi_host the machine of a rank.
const char *mpi_text(int code);
const char *mpi_host(int rank);
