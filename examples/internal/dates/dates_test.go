package dates_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorgoformer/gorgoformer/examples/internal/dates"
)

func TestDates(t *testing.T) {
	pairs := dates.Pairs(500)
	if len(pairs) != 500 {
		t.Fatalf("got %d dates, want 500", len(pairs))
	}
	iso := regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	for _, p := range pairs {
		day, err := time.Parse(time.DateOnly, p.Target)
		if err != nil || !iso.MatchString(p.Target) || !strings.Contains(p.Source, fmt.Sprint(day.Day())) {
			t.Errorf("%q → %q: the target is no date of the source (%v)", p.Source, p.Target, err)
		}
	}
}
