package ctl

import (
	"io"
	"strings"
	"unicode/utf8"

	"websocketd/internal/printable"
)

// table is rows of text below a heading. What stands in it cannot control a terminal.
type table struct {
	columns []column
	rows    [][]string
}

// column is a column of a table.
type column struct {
	title string
	right bool // numbers
	long  bool // may be cut where the terminal is narrow
}

// least is how narrow a column becomes that may be cut.
const least = 8

func (t *table) add(cells ...string) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		if row[i] = string(printable.Append(nil, cell, false)); cell == "" {
			row[i] = "-"
		}
	}
	t.rows = append(t.rows, row)
}

// print writes the table for a terminal of so many columns; 0: nothing is cut.
func (t *table) print(to io.Writer, width int, colours bool) error {
	widths := t.widths(width)
	var b strings.Builder
	heading := make([]string, len(t.columns))
	for i, c := range t.columns {
		heading[i] = c.title
	}
	line := t.line(heading, widths)
	if colours {
		line = "\x1b[1m" + line + "\x1b[0m"
	}
	b.WriteString(line + "\n")
	for _, row := range t.rows {
		b.WriteString(t.line(row, widths) + "\n")
	}
	_, err := io.WriteString(to, b.String())
	return err
}

// widths returns how wide the columns are, with the long ones cut so that all fit.
func (t *table) widths(width int) []int {
	widths, sum := make([]int, len(t.columns)), 2*(len(t.columns)-1)
	for i, c := range t.columns {
		widths[i] = len(c.title)
		for _, row := range t.rows {
			widths[i] = max(widths[i], runes(row[i]))
		}
		sum += widths[i]
	}
	for i := len(t.columns) - 1; i >= 0 && width > 0; i-- {
		if over := sum - width; t.columns[i].long && over > 0 {
			narrow := max(widths[i]-over, min(least, widths[i]))
			sum -= widths[i] - narrow
			widths[i] = narrow
		}
	}
	return widths
}

// line returns a row. Nothing follows its last word.
func (t *table) line(row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		if runes(cell) > widths[i] {
			cell = string([]rune(cell)[:widths[i]-1]) + "…"
		}
		padding := strings.Repeat(" ", widths[i]-runes(cell))
		if t.columns[i].right {
			cell, padding = padding+cell, ""
		}
		b.WriteString(cell)
		if i < len(row)-1 {
			b.WriteString(padding + "  ")
		}
	}
	return strings.TrimRight(b.String(), " ")
}

func runes(text string) int { return utf8.RuneCountInString(text) }
