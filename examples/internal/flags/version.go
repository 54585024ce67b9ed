package flags

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// version returns the program's name, the version or commit of its module, the Go version and the code of the kernels.
func (p Program) version() string {
	version, commit, changed := "unknown version", "", ""
	if b, ok := debug.ReadBuildInfo(); ok {
		version = b.Main.Version
		for _, s := range b.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = ", commit " + s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = " with changes"
			}
		}
	}
	if version == "" || version == "(devel)" {
		version = "development version"
	}
	return fmt.Sprintf("%s %s%s%s, %s %s/%s\nkernels: %s", p.Name, version, commit, changed, runtime.Version(), runtime.GOOS, runtime.GOARCH, kernel.Describe())
}
