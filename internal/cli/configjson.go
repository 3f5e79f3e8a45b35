package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

// byteOrderMark begins a file of some editors.
var byteOrderMark = []byte("\xef\xbb\xbf")

// isJSON reports whether a file is in JSON: by its name, or because it begins with a brace, which
// no file in TOML does.
func isJSON(file string, data []byte) bool {
	text := bytes.TrimLeft(bytes.TrimPrefix(data, byteOrderMark), " \t\r\n")
	return strings.EqualFold(filepath.Ext(file), ".json") || bytes.HasPrefix(text, []byte("{"))
}

// parseJSON parses a whole file. Its faults have a line and a column. The library checks the form
// first, so that the walk over its tokens, which knows where they are, only sees what is
// well-formed.
func parseJSON(data []byte) (*fileValue, *fault) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	var any json.RawMessage
	if err := json.Unmarshal(data, &any); err != nil {
		return nil, jsonFault(data, err)
	}
	if at := firstInvalid(data); at >= 0 {
		return nil, &fault{positionOf(data, at), "this is not UTF-8"}
	}
	w := &jsonWalk{Decoder: json.NewDecoder(bytes.NewReader(data)), data: data, lines: endsOfLines(data)}
	w.UseNumber()
	root := w.value(w.next())
	switch {
	case w.twice != nil:
		return nil, w.twice
	case root.kind != fileTable:
		return nil, &fault{root.pos, `the file is ` + string(root.kind) + `; it begins with a brace: { "apps": [ .. ] }`}
	}
	return root, nil
}

// firstInvalid returns where data is not UTF-8, -1 if it is.
func firstInvalid(data []byte) int {
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

// jsonFault returns the fault of a file that is not JSON.
func jsonFault(data []byte, err error) *fault {
	at := len(data)
	wrong := (*json.SyntaxError)(nil)
	if errors.As(err, &wrong) {
		at = max(0, int(wrong.Offset)-1)
	}
	message := err.Error()
	if strings.HasPrefix(message, "unexpected end") {
		at, message = len(bytes.TrimRight(data, " \t\r\n")), "the file ends too soon: a bracket, a brace or a quote is missing"
	}
	return &fault{positionOf(data, at), message + likelyJSON(data, at)}
}

// likelyJSON returns what was probably meant where JSON is broken, or "".
func likelyJSON(data []byte, at int) string {
	if at >= len(data) {
		return ""
	}
	before := bytes.TrimRight(data[:at], " \t\r\n")
	switch c := data[at]; {
	case (c == '}' || c == ']') && bytes.HasSuffix(before, []byte(",")):
		return "; after the comma before it nothing follows: take that out"
	case c == '/' || c == '#':
		return "; JSON has no comments: take it out, or write the file in TOML"
	case c == '\'':
		return "; a string stands in double quotes"
	case c == '"':
		return "; is there a comma before it?"
	}
	return ""
}

// jsonWalk goes through the tokens of a well-formed file.
type jsonWalk struct {
	*json.Decoder
	data  []byte
	lines []int  // offsets of their ends
	twice *fault // the first key that a table has twice
}

// next returns where the next token begins, and the token.
func (w *jsonWalk) next() (position, json.Token) {
	at := int(w.InputOffset())
	for at < len(w.data) && bytes.IndexByte([]byte(" \t\r\n,:"), w.data[at]) >= 0 {
		at++
	}
	token, _ := w.Token() // it is well-formed
	return placed(w.lines, at), token
}

// value returns the value that begins with a token.
func (w *jsonWalk) value(pos position, token json.Token) *fileValue {
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return w.table(pos)
		}
		array := &fileValue{kind: fileArray, pos: pos}
		for w.More() {
			array.items = append(array.items, w.value(w.next()))
		}
		w.next()
		return array
	case string:
		return &fileValue{kind: fileString, pos: pos, text: t}
	case bool:
		return &fileValue{kind: fileBool, pos: pos, text: strconv.FormatBool(t)}
	case json.Number:
		kind := fileInteger
		if _, err := strconv.ParseInt(t.String(), 10, 64); err != nil {
			kind = fileFloat
		}
		return &fileValue{kind: kind, pos: pos, text: t.String()}
	}
	return &fileValue{kind: fileNull, pos: pos, text: "null"}
}

// table returns the object whose brace was read. Its null values are left out: they say no more
// than a key that is not there.
func (w *jsonWalk) table(pos position) *fileValue {
	table, seen := newTable(pos), map[string]bool{}
	for w.More() {
		pos, token := w.next()
		name, _ := token.(string)
		_, first := w.next()
		value := w.value(pos, first)
		if seen[name] && w.twice == nil {
			w.twice = &fault{pos, "the key " + strconv.Quote(name) + " is there twice; take one of them out"}
		}
		seen[name] = true
		if value.kind != fileNull {
			table.put(fileKey{name, pos}, value)
		}
	}
	w.next()
	return table
}
