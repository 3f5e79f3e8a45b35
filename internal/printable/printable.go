// Package printable makes text of strangers fit for a log and a terminal.
package printable

import (
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// Append appends text and escapes everything that could end the line, control a
// terminal or is not UTF-8. In quotes it also escapes a quote, a backslash and a tab;
// outside they stay, to keep a process's own words as they are.
func Append(b []byte, text string, quoted bool) []byte {
	for i, width := 0, 0; i < len(text); i += width {
		var r rune
		r, width = utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && width == 1:
			b = fmt.Appendf(b, `\x%02x`, text[i])
		case quoted && (r == '\'' || r == '\\'):
			b = append(b, '\\', byte(r))
		case r == '\t' && !quoted || !Unsafe(r):
			b = append(b, text[i:i+width]...)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			b = append(b, quoted[1:len(quoted)-1]...)
		}
	}
	return b
}

// Unsafe reports whether r is a control character, a line end of Unicode, or changes
// the direction in which the rest of a line is shown. All are below U+10000.
func Unsafe(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\u061c' || r == '\u200e' || r == '\u200f' ||
		'\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
}
