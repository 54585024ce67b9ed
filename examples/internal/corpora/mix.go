package corpora

import (
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// Mix is the value of a flag -mix: prepared corpora with weights, such as wiki=0.7,books=0.3x1.
type Mix []Part

// Part is a folder of a Mix.
type Part struct {
	Path   string
	Weight float64
	Epochs int // 0 means no end
}

// MixHelp is the text of the flag.
const MixHelp = "comma-separated `parts` to mix instead of -data: folders that the program corpus made with one tokenizer, each with a weight, as in wiki=0.7,books=0.3x1; " +
	"x1 ends a part after 1 epoch, and the others share its weight"

var mixPart = regexp.MustCompile(`^(.+)=([^=x]+)(?:x([^=x]+))?$`)

// String implements flag.Value.
func (m *Mix) String() string {
	var parts []string
	for _, p := range *m {
		text := fmt.Sprintf("%s=%v", p.Path, p.Weight)
		if p.Epochs > 0 {
			text += fmt.Sprintf("x%d", p.Epochs)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ",")
}

// Set implements flag.Value. It makes the paths absolute, so that a run resumes from any folder.
func (m *Mix) Set(value string) error {
	var all Mix
	if value == "" {
		*m = nil
		return nil
	}
	for text := range strings.SplitSeq(value, ",") {
		fields := mixPart.FindStringSubmatch(strings.TrimSpace(text))
		if fields == nil {
			return errors.Errorf("%q, want a folder and a weight, as in wiki=0.7", text)
		}
		p := Part{Path: fields[1]}
		var err error
		if p.Weight, err = strconv.ParseFloat(fields[2], 64); err != nil || !(p.Weight > 0) || math.IsInf(p.Weight, 0) {
			return errors.Errorf("%q has the weight %q, want a positive number", text, fields[2])
		}
		if fields[3] != "" {
			if p.Epochs, err = strconv.Atoi(fields[3]); err != nil || p.Epochs < 1 {
				return errors.Errorf("%q ends after %q epochs, want a whole number from 1", text, fields[3])
			}
		}
		if p.Path, err = filepath.Abs(p.Path); err != nil {
			return errors.WithStack(err)
		}
		all = append(all, p)
	}
	*m = all
	return nil
}
