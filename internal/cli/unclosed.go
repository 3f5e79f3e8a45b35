package cli

import (
	"bytes"
	"fmt"
	"regexp"
)

// tomlToken matches the tokens of TOML that decide where a value ends. A lone quote
// is a string without an end. tomlLine matches the beginning of a line that cannot be
// in an array: a key or a table.
var (
	tomlToken = regexp.MustCompile(`(?s)"""(?:[^\\]|\\.)*?"""|'''.*?'''|"""|'''|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'|#[^\n]*|["'\[\]{}=\n]`)
	tomlLine  = regexp.MustCompile(`^[ \t]*(?:[A-Za-z0-9_-]+[ \t]*=|\[+[A-Za-z_][A-Za-z0-9_.-]*\]+[ \t]*(?:[#\r\n]|$))`)
)

// unclosed finds the first string, array or inline table of a file that is not
// closed. It returns where it begins and what is missing; message is "" if there is
// none. The library only reports the place where it could not go on, which may be in
// a later line.
func unclosed(data []byte) (pos position, message string) {
	var open []int // offsets of the arrays and inline tables around this token
	begun := func(at int, what, missing string) (position, string) {
		return positionOf(data, at),
			"the " + what + " that begins here has no end: " + missing
	}
	value := false // after the = of a key: a [ before it begins the name of a table
	for _, at := range tomlToken.FindAllIndex(data, -1) {
		switch token := string(data[at[0]:at[1]]); token {
		case `"`, `'`, `"""`, `'''`:
			return begun(at[0], "string", token+" is missing")
		case "=":
			value = true
		case "[", "{":
			if value {
				open = append(open, at[0])
			}
		case "]", "}":
			open = open[:max(len(open)-1, 0)]
		case "\n":
			value = len(open) > 0
			if last := len(open) - 1; value && data[open[last]] == '[' && tomlLine.Match(data[at[1]:]) {
				next := 1 + bytes.Count(data[:at[1]], []byte("\n"))
				return begun(open[last], "array", fmt.Sprintf("] is missing before line %d", next))
			}
		}
	}
	switch last := len(open) - 1; {
	case last < 0:
		return position{}, ""
	case data[open[last]] == '[':
		return begun(open[last], "array", "] is missing")
	default:
		return begun(open[last], "table", "} is missing")
	}
}

// positionOf returns the position of an offset.
func positionOf(data []byte, at int) position {
	before := data[:at]
	return position{1 + bytes.Count(before, []byte("\n")), at - bytes.LastIndexByte(before, '\n')}
}
