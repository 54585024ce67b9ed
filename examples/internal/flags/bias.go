package flags

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// Bias is a flag of numbers that are added to the logits of tokens, such as 13=-inf,50=2.5. An infinite bias forbids a token.
type Bias map[int32]float32

// BiasHelp is the text of a flag of type Bias.
const BiasHelp = "comma-separated `id=bias` pairs: a number to add to the logit of a token, or -inf to forbid it: 13=-inf,50=2.5"

// String implements flag.Value.
func (b *Bias) String() string {
	var pairs []string
	for _, id := range slices.Sorted(maps.Keys(*b)) {
		pairs = append(pairs, fmt.Sprintf("%d=%g", id, (*b)[id]))
	}
	return strings.Join(pairs, ",")
}

// Set implements flag.Value. After an error the flag is unchanged.
func (b *Bias) Set(text string) error {
	all := Bias{}
	for pair := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok {
			return errors.Errorf("%q is no id=bias, want pairs such as 13=-inf,50=2.5", pair)
		}
		id, err := strconv.ParseInt(name, 10, 32)
		if err != nil || id < 0 {
			return errors.Errorf("%q is no id of a token, want a whole number of at least 0, such as 13 in 13=-inf", name)
		}
		add, err := strconv.ParseFloat(value, 32)
		if err != nil || math.IsNaN(add) || math.IsInf(add, 1) {
			return errors.Errorf("%q is no bias of token %d, want a finite number, or -inf to forbid the token", value, id)
		}
		if _, ok := all[int32(id)]; ok {
			return errors.Errorf("token %d has two biases, want one", id)
		}
		all[int32(id)] = float32(add)
	}
	*b = all
	return nil
}
