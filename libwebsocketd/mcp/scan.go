package mcp

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// span is where a JSON value stands in a text. The zero span is no value.
type span struct{ from, to int }

func (s span) isSet() bool { return s.to > s.from }

func (s span) len() int { return s.to - s.from }

// of returns the value; nil if there is none.
func (s span) of(text []byte) []byte {
	if !s.isSet() {
		return nil
	}
	return text[s.from:s.to:s.to]
}

// members returns the members of the object at a span of a valid JSON text: their names, as
// they are once decoded, and where their values stand. Of any other value there are none. A name
// may be part of the text.
func members(text []byte, at span) iter.Seq2[[]byte, span] {
	return func(yield func([]byte, span) bool) {
		if !at.isSet() || text[at.from] != '{' {
			return
		}
		for i := skipSpace(text, at.from+1); text[i] != '}'; {
			end := skipValue(text, i)
			name := text[i+1 : end-1]
			if slices.Contains(name, '\\') {
				name = []byte(decodeString(text[i:end]))
			}
			i = skipSpace(text, skipSpace(text, end)+1) // after the colon
			end = skipValue(text, i)
			if !yield(name, span{i, end}) {
				return
			}
			if i = skipSpace(text, end); text[i] == ',' {
				i = skipSpace(text, i+1)
			}
		}
	}
}

// elements returns where the first elements of the array at a span of a valid JSON text stand, at most
// so many.
func elements(text []byte, at span, most int) (all []span) {
	for i := skipSpace(text, at.from+1); text[i] != ']' && len(all) < most; {
		end := skipValue(text, i)
		all = append(all, span{i, end})
		if i = skipSpace(text, end); text[i] == ',' {
			i = skipSpace(text, i+1)
		}
	}
	return all
}

// skipSpace returns the index of the first byte from i on that is no white space.
func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t') {
		i++
	}
	return i
}

// skipValue returns the index after the value that begins at i in a valid text.
func skipValue(text []byte, i int) int {
	switch text[i] {
	case '"':
		return skipString(text, i)
	case '{', '[':
		return skipNested(text, i)
	}
	for i < len(text) && !strings.ContainsRune(",]} \n\r\t", rune(text[i])) {
		i++
	}
	return i
}

func skipString(text []byte, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func skipNested(text []byte, i int) int {
	for depth := 0; ; {
		switch text[i] {
		case '"':
			i = skipString(text, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if i++; depth == 0 {
			return i
		}
	}
}

// decodeString returns a valid JSON string as text; "" for a value that is no string.
func decodeString(value []byte) (text string) {
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	if !slices.Contains(value, '\\') {
		return string(value[1 : len(value)-1])
	}
	json.Unmarshal(value, &text) // it is valid
	return text
}

// pick returns where the members of some names stand in an object. It returns an error if one
// is there twice, or under a name that only differs in the case of letters: programs do not
// agree which of them counts, and what is checked here must be what the program acts on.
func pick(text []byte, at span, names ...string) (found []span, err error) {
	found = make([]span, len(names))
	for name, value := range members(text, at) {
		i := slices.IndexFunc(names, func(n string) bool { return n == string(name) })
		if i < 0 {
			i = slices.IndexFunc(names, func(n string) bool { return mayFold(name, n) && strings.EqualFold(n, string(name)) })
		}
		switch {
		case i < 0:
		case names[i] != string(name):
			return found, fmt.Errorf("the member %q is nearly %q, and some programs take one for the other", name, names[i])
		case found[i].isSet():
			return found, fmt.Errorf("the member %q is there twice", name)
		default:
			found[i] = value
		}
	}
	return found, nil
}

// mayFold reports whether a name can be another one in other letters: their last letters, which differ
// more often than their first, are the same if both are of ASCII.
func mayFold(name []byte, other string) bool {
	if len(name) == 0 || len(other) == 0 {
		return len(name) == len(other)
	}
	a, b := name[len(name)-1], other[len(other)-1]
	return a|b >= utf8.RuneSelf || a|0x20 == b|0x20
}

// change is what is to stand at a span.
type change struct {
	at span
	by []byte
}

// splice returns a copy of a text with changes, which do not overlap. Those of a span that is
// not set are left out. Everything else is copied byte for byte.
func splice(text []byte, changes ...change) []byte {
	slices.SortFunc(changes, func(a, b change) int { return a.at.from - b.at.from })
	size := len(text)
	for _, c := range changes {
		size += len(c.by)
	}
	out, done := make([]byte, 0, size), 0
	for _, c := range changes {
		if c.at.isSet() {
			out = append(append(out, text[done:c.at.from]...), c.by...)
			done = c.at.to
		}
	}
	return append(out, text[done:]...)
}
