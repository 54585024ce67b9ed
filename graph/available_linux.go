package graph

import (
	"bufio"
	"bytes"
	"math"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// systemMemory returns the least of three bounds: the machine's free memory, the rest of every control group above this process,
// and the rest of the address space limit. Unreadable files set no bound.
func systemMemory() uint64 {
	free := min(machineMemory(), addressSpace())
	groups, _ := os.ReadFile("/proc/self/cgroup")
	for line := range strings.Lines(string(groups)) {
		hierarchy, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, ok := strings.Cut(rest, ":")
		switch {
		case !ok:
		case hierarchy == "0":
			free = min(free, groupMemory("/sys/fs/cgroup", group, "memory.max", "memory.current", "inactive_file"))
		case strings.Contains(","+controllers+",", ",memory,"):
			free = min(free, groupMemory("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"))
		}
	}
	return free
}

// machineMemory returns the memory that the machine can still provide: free memory, caches it can drop, and swap space.
func machineMemory() uint64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return math.MaxUint64
	}
	free, ok := field(text, "MemAvailable:")
	if !ok {
		return math.MaxUint64
	}
	swap, _ := field(text, "SwapFree:")
	return (free + swap) * 1024
}

// groupMemory returns the least memory left in a control group and its parents. Their use includes cached files, which can be
// dropped and are not counted here.
func groupMemory(root, group, limit, used, files string) uint64 {
	least := uint64(math.MaxUint64)
	for at := path.Clean("/" + group); ; at = path.Dir(at) {
		dir := path.Join(root, at)
		most, ok := number(path.Join(dir, limit))
		now, known := number(path.Join(dir, used))
		if ok && known {
			stat, _ := os.ReadFile(path.Join(dir, "memory.stat"))
			droppable, _ := field(stat, files)
			now -= min(now, droppable)
			least = min(least, most-min(most, now))
		}
		if at == "/" {
			return least
		}
	}
}

// addressSpace returns the part of the address space limit that is not used yet.
func addressSpace() uint64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_AS, &limit) != nil || limit.Cur == unix.RLIM_INFINITY {
		return math.MaxUint64
	}
	text, _ := os.ReadFile("/proc/self/statm")
	pages, _, _ := strings.Cut(string(text), " ")
	n, _ := strconv.ParseUint(pages, 10, 64)
	used := n * uint64(os.Getpagesize())
	return limit.Cur - min(limit.Cur, used)
}

// number reads a file that holds one number. It reports false for "max".
func number(path string) (uint64, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64)
	return n, err == nil
}

// field returns the number that follows word at the start of a line.
func field(text []byte, word string) (uint64, bool) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		parts := strings.Fields(lines.Text())
		if len(parts) >= 2 && parts[0] == word {
			n, err := strconv.ParseUint(parts[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
