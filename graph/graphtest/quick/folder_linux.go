package quick

import "golang.org/x/sys/unix"

// memoryFolder returns the folder whose files are kept in memory. It returns "" if the folder has little room, as in many containers,
// or does not let programs run: some tests build one.
func memoryFolder() string {
	const dir, room = "/dev/shm", 2 << 30
	var fs unix.Statfs_t
	if unix.Statfs(dir, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < room || fs.Flags&unix.ST_NOEXEC != 0 || unix.Access(dir, unix.W_OK|unix.X_OK) != nil {
		return ""
	}
	return dir
}
