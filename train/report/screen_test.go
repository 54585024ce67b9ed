package report_test

import (
	"strings"
)

// screen is a small terminal: rows of cells, a cursor, wrapping, and the control sequences that Progress uses. Resizing wraps long
// rows and keeps the cursor at its cell, as tmux and most terminals do, or, without reflow, cuts them, as xterm does.
type screen struct {
	width    int
	rows     [][]rune
	x, y     int
	unknown  string // control sequences that screen does not implement
	maxRight int    // columns used since the last change of width
}

func newScreen(width int) *screen {
	return &screen{width: width, rows: [][]rune{nil}}
}

func (s *screen) write(text string) {
	for runes := []rune(text); len(runes) > 0; {
		switch {
		case strings.HasPrefix(string(runes), "\x1b[J"):
			s.rows = s.rows[:s.y+1]
			s.rows[s.y] = s.rows[s.y][:min(s.x, len(s.rows[s.y]))]
			runes = runes[3:]
			continue
		case runes[0] == '\x1b':
			s.unknown += string(runes[:min(4, len(runes))])
		case runes[0] == '\r':
			s.x = 0
		case runes[0] == '\n':
			s.down()
		default:
			s.put(runes[0])
		}
		runes = runes[1:]
	}
}

func (s *screen) down() {
	if s.y++; s.y == len(s.rows) {
		s.rows = append(s.rows, nil)
	}
}

func (s *screen) put(r rune) {
	if s.x == s.width {
		s.down()
		s.x = 0
	}
	row := s.rows[s.y]
	for len(row) <= s.x {
		row = append(row, ' ')
	}
	row[s.x] = r
	s.rows[s.y] = row
	s.x++
	s.maxRight = max(s.maxRight, s.x)
}

func (s *screen) resize(width int, reflow bool) {
	old, x, y := s.rows, s.x, s.y
	s.width, s.rows, s.x, s.y = width, [][]rune{nil}, 0, 0
	for i, row := range old {
		at := -1
		if i == y {
			at = x
		}
		if !reflow {
			row = row[:min(len(row), width)]
		}
		if i > 0 {
			s.down()
			s.x = 0
		}
		cx, cy := 0, s.y
		for j, r := range row {
			s.put(r)
			if j == at {
				cx, cy = s.x-1, s.y
			}
		}
		if i == y && i == len(old)-1 {
			s.x, s.y = cx, cy
		}
	}
	s.maxRight = 0
}

// lines returns the rows that are not empty.
func (s *screen) lines() (lines []string) {
	for _, row := range s.rows {
		if text := strings.TrimRight(string(row), " "); text != "" {
			lines = append(lines, text)
		}
	}
	return lines
}
