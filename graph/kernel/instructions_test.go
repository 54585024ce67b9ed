package kernel_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestInstructionSets reads the assembly for amd64: functions for AVX2 use none of the registers and instructions of AVX-512, and only
// functions for VNNI use VPDPBUSD.
func TestInstructionSets(t *testing.T) {
	source, err := os.ReadFile("asm_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	function := regexp.MustCompile(`^TEXT ·(\w+?)(AVX2|AVX512|VNNI|Asm)\(SB\)`)
	more := regexp.MustCompile(`\b(Z\d+|K[1-7]|[XY](1[6-9]|2\d|3[01]))\b|VPDP|^\tK|VP(XOR|AND|OR)[DQ]\b|VMOVDQU(8|16|32|64)\b`)
	name, set, found := "", "", map[string]int{}
	for i, line := range strings.Split(string(source), "\n") {
		if strings.HasPrefix(line, "TEXT ") {
			m := function.FindStringSubmatch(line)
			if m == nil {
				t.Fatalf("line %d: %q names no set of instructions", i+1, line)
			}
			name, set = m[1], m[2]
			if set == "Asm" { // the rows, in NEON, too
				set = "AVX2"
			}
			found[set]++
		}
		if set == "AVX2" && more.MatchString(line) || set == "AVX512" && strings.Contains(line, "VPDP") {
			t.Errorf("line %d: %s, for %s, has %q", i+1, name, set, line)
		}
	}
	if found["AVX2"] == 0 || found["AVX512"] == 0 || found["VNNI"] == 0 {
		t.Errorf("found functions %v, want some of each set", found)
	}
}
