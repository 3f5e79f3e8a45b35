package testkit

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// wellFormed is the Unicode standard's table 3-7, row by row: the ranges of each
// byte of a character.
var wellFormed = [][][2]byte{
	{{0x00, 0x7f}},
	{{0xc2, 0xdf}, {0x80, 0xbf}},
	{{0xe0, 0xe0}, {0xa0, 0xbf}, {0x80, 0xbf}},
	{{0xe1, 0xec}, {0x80, 0xbf}, {0x80, 0xbf}},
	{{0xed, 0xed}, {0x80, 0x9f}, {0x80, 0xbf}},
	{{0xee, 0xef}, {0x80, 0xbf}, {0x80, 0xbf}},
	{{0xf0, 0xf0}, {0x90, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}},
	{{0xf1, 0xf3}, {0x80, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}},
	{{0xf4, 0xf4}, {0x80, 0x8f}, {0x80, 0xbf}, {0x80, 0xbf}},
}

// OracleText returns text with its ill-formed parts replaced, by the table: of all rows,
// the one that agrees with the text for longest says how much is one part.
func OracleText(text []byte) string {
	var b strings.Builder
	for len(text) > 0 {
		longest, whole := 1, false
		for _, row := range wellFormed {
			n := 0
			for n < len(row) && n < len(text) && row[n][0] <= text[n] && text[n] <= row[n][1] {
				n++
			}
			longest, whole = max(longest, n), whole || n == len(row)
		}
		if whole {
			b.Write(text[:longest])
		} else {
			b.WriteString("\ufffd")
		}
		text = text[longest:]
	}
	return b.String()
}

// Units cuts text into characters and maximal subparts of ill-formed ones. It uses no
// table, only the definition (D93b): the longest beginning that some bytes complete to
// what Go's decoder calls valid, or a single byte.
func Units(text []byte) (parts [][]byte) {
	for len(text) > 0 {
		n := 1
		for k := min(len(text), utf8.UTFMax); k > 1 && text[0] >= utf8.RuneSelf; k-- {
			if utf8.RuneCount(text[:k]) == 1 && utf8.Valid(text[:k]) || Completable(text[:k]) {
				n = k
				break
			}
		}
		parts = append(parts, text[:n:n])
		text = text[n:]
	}
	return parts
}

// Completable reports whether a few more bytes make one character of b.
func Completable(b []byte) bool {
	if len(b) >= utf8.UTFMax {
		return false
	}
	for _, c := range []byte{0x80, 0x90, 0xa0, 0xbf} { // one of every range of a second byte
		more := append(bytes.Clone(b), c)
		if utf8.RuneCount(more) == 1 && utf8.Valid(more) || Completable(more) {
			return true
		}
	}
	return false
}
