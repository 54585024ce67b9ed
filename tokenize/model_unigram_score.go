package tokenize

import (
	"math"
	"strconv"
	"strings"
)

// readScore reads a JSON number to the same bits as Hugging Face's reader (serde_json), which rounds twice: first the
// digits as an integer, then their product with a power of ten. The last bits decide between segmentations with equal
// sums, so the same ids need the same bits.
func readScore(number string) float64 {
	digits, power, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(number, "-")), "e")
	exponent, err := strconv.Atoi(power)
	if err != nil {
		exponent = 0
	}
	whole, point, full := uint64(0), false, false
	for _, c := range []byte(digits) {
		d := uint64(c - '0')
		switch full = full || c != '.' && whole > (math.MaxUint64-d)/10; {
		case c == '.':
			point = true
			continue
		case !full:
			whole = 10*whole + d
		case !point:
			exponent++
		}
		if point && !full {
			exponent--
		}
	}
	v := scale(float64(whole), exponent)
	if strings.HasPrefix(number, "-") {
		v = -v
	}
	return v
}

// scale returns v times ten to the power of exponent.
func scale(v float64, exponent int) float64 {
	const most = 308 // no higher power of ten is a float64
	for ; exponent < -most && v != 0; exponent += most {
		v /= 1e308
	}
	if exponent < 0 {
		return v / math.Pow10(max(-exponent, 0))
	}
	return v * math.Pow10(exponent)
}

// writeScore returns a number that readScore reads as v. It is the shortest one, or else one with more digits, preferably
// one that an exact reader also reads as v. One float64 in two hundred has no such number and is read as its neighbour.
func writeScore(v float64) string {
	best := strconv.FormatFloat(v, 'g', -1, 64)
	if readScore(best) == v {
		return best
	}
	for digits := 16; digits <= 19; digits++ {
		for _, number := range near(v, digits) {
			if readScore(number) != v {
				continue
			}
			if exact, err := strconv.ParseFloat(number, 64); err == nil && exact == v {
				return number
			}
			best = number
		}
	}
	return best
}

// near returns the numbers with the given count of digits that are nearest to v. Their digits, read as integers, are
// different float64s.
func near(v float64, digits int) (numbers []string) {
	mantissa, power, _ := strings.Cut(strconv.FormatFloat(math.Abs(v), 'e', digits-1, 64), "e")
	n, err := strconv.ParseUint(strings.Replace(mantissa, ".", "", 1), 10, 64)
	exponent, wrong := strconv.Atoi(power)
	if err != nil || wrong != nil {
		return nil
	}
	ulp := uint64(math.Nextafter(float64(n), math.Inf(1)) - float64(n))
	for _, n := range []uint64{n, n - ulp, n + ulp, n - 2*ulp, n + 2*ulp} {
		number := strconv.FormatUint(n, 10) + "e" + strconv.Itoa(exponent-digits+1)
		if v < 0 {
			number = "-" + number
		}
		numbers = append(numbers, number)
	}
	return numbers
}

// Writable returns p with the highest score up to its own that a file restores exactly.
func (p ScoredPiece) Writable() ScoredPiece {
	for readScore(writeScore(p.Score)) != p.Score {
		p.Score = math.Nextafter(p.Score, math.Inf(-1))
	}
	return p
}
