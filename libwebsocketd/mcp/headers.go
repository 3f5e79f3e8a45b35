package mcp

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// Headers of the protocol.
const (
	headerVersion = "MCP-Protocol-Version"
	headerSession = "Mcp-Session-Id"
	headerMethod  = "Mcp-Method"
	headerName    = "Mcp-Name"
	headerParam   = "Mcp-Param-"
)

// headerOf returns the only value of a header, decoded (2026-07-28, "Header Value Encoding"). ok
// is false if there is none, more than one, or one that is not decoded to text.
func headerOf(h http.Header, name string) (value string, ok bool) {
	values := h.Values(name)
	if len(values) != 1 {
		return "", false
	}
	value = values[0]
	encoded, ok := strings.CutPrefix(value, "=?base64?")
	if !ok {
		return value, true
	}
	if encoded, ok = strings.CutSuffix(encoded, "?="); !ok {
		return value, true
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	return string(decoded), err == nil && utf8.Valid(decoded)
}

// nameMember says which member of params the header Mcp-Name repeats.
var nameMember = map[string]string{"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}

// checkHeaders returns an error if the headers of a modern request do not repeat what is in it.
func checkHeaders(h http.Header, m *message) error {
	if err := checkHeader(h, headerMethod, m.method); err != nil {
		return err
	}
	member := nameMember[m.method]
	if member == "" {
		return nil
	}
	at, err := pick(m.text, m.params, member)
	if err != nil {
		return err
	}
	return checkHeader(h, headerName, decodeString(at[0].of(m.text)))
}

func checkHeader(h http.Header, name, want string) error {
	switch got, ok := headerOf(h, name); {
	case len(h.Values(name)) == 0:
		return fmt.Errorf("the header %s is missing; it repeats %.100q of the body", name, want)
	case !ok:
		return fmt.Errorf("the header %s is there more than once, or is no Base64 of a text", name)
	case got != want:
		return fmt.Errorf("the header %s is %.100q, and the body has %.100q", name, got, want)
	}
	return nil
}

// binding says which header repeats an argument of a tool: that of the x-mcp-header in its
// schema (SEP-2243).
type binding struct {
	path   []string // of members, below the arguments
	header string
}

// check returns an error if a header does not repeat the argument.
func (b *binding) check(h http.Header, text []byte, arguments span) error {
	name, at := headerParam+b.header, arguments
	for _, member := range b.path {
		found, err := pick(text, at, member)
		if err != nil {
			return err
		}
		at = found[0]
	}
	got, ok := headerOf(h, name)
	switch given, value := len(h.Values(name)) > 0, at.of(text); {
	case value == nil || string(value) == "null":
		if given {
			return fmt.Errorf("the header %s repeats the argument %s, which is not there", name, strings.Join(b.path, "."))
		}
	case !given:
		return fmt.Errorf("the header %s is missing; it repeats the argument %s", name, strings.Join(b.path, "."))
	case !ok || !repeats(got, value):
		return fmt.Errorf("the header %s does not repeat the argument %s", name, strings.Join(b.path, "."))
	}
	return nil
}

// mostInteger is the largest integer that every program reads alike (RFC 8259 section 6).
const mostInteger = 1<<53 - 1

// repeats reports whether a header has the same value as an argument: a string, a boolean, or an
// integer, which is compared as a number.
func repeats(header string, value []byte) bool {
	switch value[0] {
	case '"':
		return header == decodeString(value)
	case 't', 'f':
		return header == string(value)
	}
	if !json.Valid([]byte(header)) || strings.TrimSpace(header) != header { // other spellings of Go's
		return false
	}
	a, errA := strconv.ParseFloat(header, 64)
	b, errB := strconv.ParseFloat(string(value), 64)
	return errA == nil && errB == nil && a == b && a == math.Trunc(a) && math.Abs(a) <= mostInteger
}

// tools are what is known of the tools of a process, from its answers to tools/list.
type tools struct {
	mu        sync.Mutex
	known     map[string][]binding
	listed    bool   // the process has told all that it tells
	forgotten uint64 // how often all of it was
}

// schema is what matters here of a JSON schema.
type schema struct {
	Header     string            `json:"x-mcp-header"`
	Properties map[string]schema `json:"properties"`
}

// learn takes a result of tools/list, in turn with forget: as the process has said it.
func (t *tools) learn(result []byte) {
	var list struct {
		Tools []struct {
			Name        string          `json:"name"`
			InputSchema json.RawMessage `json:"inputSchema"`
		} `json:"tools"`
	}
	if json.Unmarshal(result, &list) != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[string][]binding{}
	}
	for _, tool := range list.Tools {
		var s schema
		json.Unmarshal(tool.InputSchema, &s) // what is none has no headers
		t.known[tool.Name] = s.bindings(nil)
	}
}

// nextCursor returns where a result of tools/list goes on; "" if it was the last.
func nextCursor(result []byte) string {
	var list struct {
		NextCursor string `json:"nextCursor"`
	}
	json.Unmarshal(result, &list) // what is no list does not go on
	return list.NextCursor
}

// bindings returns those of a schema, whose path in the arguments is given.
func (s schema) bindings(path []string) (all []binding) {
	if s.Header != "" && len(path) > 0 {
		all = append(all, binding{path, s.Header})
	}
	for name, property := range s.Properties {
		all = append(all, property.bindings(append(slices.Clone(path), name))...)
	}
	return all
}

// generation returns a number that is another one when something was forgotten.
func (t *tools) generation() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.forgotten
}

// complete notes that every tool is known that the process tells, if nothing was forgotten since a
// generation, and reports that.
func (t *tools) complete(since uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.forgotten == since {
		t.listed = true
	}
	return t.listed
}

// forget is called when the process has other tools, or another process has come.
func (t *tools) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known, t.listed = nil, false
	t.forgotten++
}

// of returns the bindings of a tool; known is false if the process is to be asked for them.
func (t *tools) of(name string) (all []binding, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all, known = t.known[name]
	return all, known || t.listed
}
