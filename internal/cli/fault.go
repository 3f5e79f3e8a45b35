package cli

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"websocketd/internal/printable"
)

// position is where something stands in a configuration file.
type position struct {
	line   int // from 1; 0: it stands elsewhere
	column int // in bytes, from 1; 0: the line is enough
}

// isSet reports whether p is in the file.
func (p position) isSet() bool { return p.line > 0 }

// compare orders positions as they come in the file.
func (p position) compare(q position) int {
	return cmp.Or(cmp.Compare(p.line, q.line), cmp.Compare(p.column, q.column))
}

// fault is one error in a configuration file.
type fault struct {
	pos     position
	message string
}

// faults are all faults of a file; they are reported together.
type faults struct {
	file   string
	inJSON bool // the file is in JSON
	all    []fault
}

// asJSON matches how to write a key, in the form of TOML.
var asJSON = regexp.MustCompile(`\b(write |or |\{ |, )([A-Za-z_]+) = `)

// add adds a fault. What it tells to write has the form of the file.
func (f *faults) add(pos position, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if f.inJSON {
		message = asJSON.ReplaceAllString(message, `$1"$2": `)
	}
	f.all = append(f.all, fault{pos, message})
}

// lines returns the faults as an operator reads them, FILE:LINE: first, sorted by
// line.
func (f *faults) lines() []string {
	slices.SortStableFunc(f.all, func(a, b fault) int { return a.pos.compare(b.pos) })
	var lines []string
	for _, fault := range f.all {
		where := fmt.Sprintf("%s:%d", f.file, fault.pos.line)
		if fault.pos.column > 0 {
			where += fmt.Sprintf(":%d", fault.pos.column)
		}
		line := where + ": " + string(printable.Append(nil, fault.message, false))
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// refusal returns a refusal with all faults, or nil if there are none.
func (f *faults) refusal() *refusal {
	if len(f.all) == 0 {
		return nil
	}
	return &refusal{status: ExitFlags, message: strings.Join(f.lines(), "\n")}
}

// nearest returns the name that is most like a word, or "". One edit for every three
// letters, and at most three, may be between them.
func nearest(word string, names []string) string {
	best, least := "", min(3, 1+len(word)/3)+1
	for _, name := range names {
		if d := distance(strings.ToLower(word), name); d < least && d < len(name) {
			best, least = name, d
		}
	}
	return best
}

// distance returns how many letters must be inserted, removed, replaced or swapped
// with their neighbor to turn a into b.
func distance(a, b string) int {
	if len(a) > 64 { // no name is like that
		return len(a)
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
