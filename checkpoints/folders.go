package checkpoints

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/pkg/errors"
)

// A folder cannot be renamed onto another. So a checkpoint that is being replaced is first moved aside, to a name that readers
// still understand: at every moment they find the old or the new checkpoint.
var (
	folderPattern  = regexp.MustCompile(`^(\.?)step-(\d{8,})(\.old-[0-9a-f]{16})?$`)
	stagingPattern = regexp.MustCompile(`^\.step-\d{8,}\.tmp-[0-9a-f]{16}$`)
)

// replaceFolder renames stage to final and discards an earlier folder of that name.
func replaceFolder(stage, final string) error {
	dir, name := filepath.Split(final)
	aside := ""
	if _, err := os.Lstat(final); err == nil {
		aside = filepath.Join(dir, fmt.Sprintf(".%s.old-%016x", name, rand.Uint64()))
		if err := os.Rename(final, aside); err != nil {
			return errors.Wrap(err, "move aside")
		}
	}
	if err := os.Rename(stage, final); err != nil {
		if aside != "" {
			os.Rename(aside, final)
		}
		return errors.Wrap(err, "rename")
	}
	if err := syncFolder(filepath.Dir(final)); err != nil {
		return err
	}
	if aside == "" {
		return nil
	}
	return discard(aside)
}

// discard removes a checkpoint. It first renames the folder to a staging name, which readers ignore.
func discard(dir string) error {
	parent, name := filepath.Split(dir)
	step := folderPattern.FindStringSubmatch(name)[2]
	hidden := filepath.Join(parent, hiddenName("step-"+step))
	if err := os.Rename(dir, hidden); err != nil {
		return errors.Wrap(err, "remove")
	}
	return errors.Wrap(os.RemoveAll(hidden), "remove")
}

// cleanUp removes the leftovers of killed saves, and restores a checkpoint that was moved aside but not replaced.
func (r Run) cleanUp() error {
	names, err := namesIn(r.Dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		at := filepath.Join(r.Dir, name)
		part := folderPattern.FindStringSubmatch(name)
		switch {
		case stagingPattern.MatchString(name):
			err = os.RemoveAll(at)
		case part == nil || part[1] == "" || part[3] == "":
		case slices.Contains(names, "step-"+part[2]):
			err = discard(at)
		default:
			err = os.Rename(at, filepath.Join(r.Dir, "step-"+part[2]))
		}
		if err != nil {
			return errors.Wrap(err, "remove leftovers")
		}
	}
	return nil
}

// prune removes the checkpoints that r does not keep. It always keeps saved.
func (r Run) prune(saved Saved) error {
	if r.Keep <= 0 {
		return nil
	}
	folders, err := r.folders()
	if err != nil {
		return err
	}
	all, damaged := inspectAll(folders) // checksums would read all tensors at every save
	keep := map[int]bool{saved.Step: true}
	if best := bestFirst(slices.Clone(all)); len(best) > 0 {
		keep[best[0].Step] = true
	}
	newest := 0
	for _, step := range slices.Backward(slices.Sorted(maps.Keys(folders))) {
		if newest < r.Keep {
			if damaged[step] == nil {
				newest++
			}
			continue
		}
		if keep[step] {
			continue
		}
		if err := discard(folders[step]); err != nil {
			return err
		}
	}
	return syncFolder(r.Dir)
}

// folders returns the folder of every step, whole or damaged. A folder that was moved aside counts if its step has no other.
func (r Run) folders() (map[int]string, error) {
	names, err := namesIn(r.Dir)
	if err != nil {
		return nil, err
	}
	folders := map[int]string{}
	for _, name := range names { // sorted: hidden names come first, and the others override them
		part := folderPattern.FindStringSubmatch(name)
		if part == nil || (part[1] == "") != (part[3] == "") {
			continue
		}
		step, err := strconv.Atoi(part[2])
		if err != nil || part[2] != fmt.Sprintf("%08d", step) {
			continue
		}
		folders[step] = filepath.Join(r.Dir, name)
	}
	return folders, nil
}
