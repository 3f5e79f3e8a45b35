package ctl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"websocketd/internal/printable"
	"websocketd/internal/terminal"
)

// table prints rows, or the document that they are of.
func (c *caller) table(t *table, document any) error {
	if c.JSON {
		return c.document(document)
	}
	return t.print(c.Stdout, terminal.Width(c.Stdout), c.colours())
}

// Colour says where headings are bold.
type Colour int

const (
	ColourAtTerminal Colour = iota // where standard output is a terminal
	ColourNever                    // nowhere
	ColourAlways                   // everywhere
)

// colours reports whether headings are bold.
func (c *caller) colours() bool {
	return c.Colour == ColourAlways || c.Colour == ColourAtTerminal && terminal.Is(c.Stdout)
}

// document prints a document in one line.
func (c *caller) document(document any) error {
	text, err := json.Marshal(document)
	if err != nil {
		return err
	}
	_, err = c.Stdout.Write(append(safe(text), '\n'))
	return err
}

// safe returns JSON with escapes for what could control a terminal. It means the same: such
// characters stand only in strings. What is not UTF-8 is U+FFFD for all who read JSON.
func safe(text []byte) []byte {
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte("\ufffd"))
	}
	if !bytes.ContainsFunc(text, isUnsafe) {
		return text
	}
	b := make([]byte, 0, len(text)+64)
	for _, r := range string(text) {
		if isUnsafe(r) {
			b = fmt.Appendf(b, `\u%04x`, r) // all are below U+10000
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

func isUnsafe(r rune) bool { return r != '\n' && r != '\t' && r != '\r' && printable.Unsafe(r) }

// fields prints a document as lines of names and values, but for some of those.
func (c *caller) fields(head string, document json.RawMessage, without ...string) error {
	if c.JSON {
		return c.document(document)
	}
	names, values, err := members(document, without)
	if err != nil {
		return fmt.Errorf("the answer of %s is not what a management listener says: %w", c.server, err)
	}
	longest := 0
	for _, name := range names {
		longest = max(longest, runes(name))
	}
	var b strings.Builder
	if head != "" {
		b.Write(append(printable.Append(nil, head, false), '\n'))
	}
	now := time.Now()
	for i, name := range names {
		fmt.Fprintf(&b, "%-*s  %s\n", longest, printable.Append(nil, name, false), printable.Append(nil, valueText(name, values[i], now), false))
	}
	_, err = io.WriteString(c.Stdout, b.String())
	return err
}

// members returns the members of a JSON object, in their order, but for some.
func members(document json.RawMessage, without []string) (names []string, values []json.RawMessage, err error) {
	d := json.NewDecoder(bytes.NewReader(document))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, nil, fmt.Errorf("it is no object: %w", err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, nil, err
		}
		if !slices.Contains(without, fmt.Sprint(name)) {
			names, values = append(names, fmt.Sprint(name)), append(values, value)
		}
	}
	return names, values, nil
}

// valueText returns a value for people: a time with its age, and bytes in units.
func valueText(name string, value json.RawMessage, now time.Time) string {
	var text string
	var words []string
	var bytes, milliseconds int64
	switch {
	case string(value) == "null", string(value) == `""`, string(value) == "[]":
		return "-"
	case name == "uptime" && json.Unmarshal(value, &milliseconds) == nil:
		return ageText(time.Duration(milliseconds) * time.Millisecond)
	case (strings.HasPrefix(name, "bytes") || name == "memory") && json.Unmarshal(value, &bytes) == nil:
		return sizeText(bytes)
	case json.Unmarshal(value, &text) == nil:
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return fmt.Sprintf("%s (%s ago)", at.Local().Format(time.DateTime), ageText(now.Sub(at)))
		}
		return text
	case json.Unmarshal(value, &words) == nil:
		return strings.Join(words, " ")
	}
	return string(value)
}
