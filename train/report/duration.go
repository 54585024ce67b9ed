package report

import (
	"fmt"
	"strings"
	"time"
)

// Duration formats a duration in at most two units, such as 2h43m, 1m20s or 45ms.
func Duration(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		h := int(d.Round(time.Hour).Hours())
		return fmt.Sprintf("%dd%dh", h/24, h%24)
	case d >= time.Hour:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	case d >= time.Second:
		return d.Round(time.Second).String()
	case d >= time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Microsecond).String()
}
