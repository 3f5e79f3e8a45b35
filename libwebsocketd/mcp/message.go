package mcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// kind is what a message of JSON-RPC is.
type kind int

const (
	request kind = iota
	notification
	response
)

// message is one message of JSON-RPC 2.0: its text, and where its parts stand.
type message struct {
	text   []byte
	kind   kind
	method string // "" of a response

	id, params, result, fault span

	meta  span // params._meta, or result._meta
	token span // params._meta.progressToken; in notifications/progress params.progressToken
}

// Names in params and _meta that the protocol has.
const (
	metaVersion      = "io.modelcontextprotocol/protocolVersion"
	metaCapabilities = "io.modelcontextprotocol/clientCapabilities"
	metaLogLevel     = "io.modelcontextprotocol/logLevel"
	metaSubscription = "io.modelcontextprotocol/subscriptionId"
)

var (
	errNotJSON    = errors.New("the body is not one JSON value in UTF-8")
	errNotObject  = errors.New("a message of JSON-RPC is an object")
	errNotRPC     = errors.New("it is neither a request, nor a notification, nor a response of JSON-RPC 2.0")
	errNotVersion = errors.New(`"jsonrpc" is not "2.0"`)
	errID         = errors.New("the id of a request is a string or a number")
	errLongID     = fmt.Errorf("an id or a progress token has more than %d bytes", mostID)
)

// isJSON reports whether a text is one JSON value, in UTF-8.
func isJSON(text []byte) bool { return json.Valid(text) && utf8.Valid(text) }

// parse returns the message in a text that isJSON.
func parse(text []byte) (m message, err error) {
	text = bytes.TrimSpace(text)
	if text[0] != '{' {
		return m, errNotObject
	}
	m.text = text
	at, err := pick(text, span{0, len(text)}, "jsonrpc", "id", "method", "params", "result", "error")
	m.id, m.params, m.result, m.fault = at[1], at[3], at[4], at[5]
	switch {
	case err != nil:
		return m, err
	case decodeString(at[0].of(text)) != "2.0":
		return m, errNotVersion
	}
	m.method = decodeString(at[2].of(text))
	m.dropNull()
	switch hasMethod, answers := m.method != "", m.result.isSet() != m.fault.isSet(); {
	case hasMethod && !m.result.isSet() && !m.fault.isSet() && !m.id.isSet():
		m.kind = notification
	case hasMethod && !m.result.isSet() && !m.fault.isSet():
		m.kind = request
	case !at[2].isSet() && answers && m.id.isSet():
		m.kind = response
	default:
		return m, errNotRPC
	}
	if m.kind == request && !isID(m.id.of(text)) {
		return m, errID
	}
	if err = m.findMeta(); err == nil && m.kind == request && (m.id.len() > mostID || m.token.len() > mostID) {
		err = errLongID
	}
	return m, err
}

// dropNull forgets the one of result and error that is null where both are there: some programs
// write the other as well.
func (m *message) dropNull() {
	if !m.result.isSet() || !m.fault.isSet() {
		return
	}
	if string(m.fault.of(m.text)) == "null" {
		m.fault = span{}
	} else if string(m.result.of(m.text)) == "null" {
		m.result = span{}
	}
}

// mostID is how long an id and a progress token may be: they are held as long as a call is open.
const mostID = 1 << 10

// findMeta finds what the protocol has in _meta.
func (m *message) findMeta() error {
	in := m.params
	if m.kind == response {
		in = m.result
	}
	at, err := pick(m.text, in, "_meta", "progressToken")
	if err != nil {
		return err
	}
	m.meta = at[0]
	inMeta, err := pick(m.text, m.meta, "progressToken", metaVersion, metaCapabilities, metaLogLevel, metaSubscription)
	if m.token = inMeta[0]; m.method == "notifications/progress" {
		m.token = at[1]
	}
	return err
}

// inMeta returns a value of _meta; nil if there is none.
func (m *message) inMeta(name string) []byte { return m.spanInMeta(name).of(m.text) }

func (m *message) spanInMeta(name string) (at span) {
	for other, value := range members(m.text, m.meta) {
		if string(other) == name {
			at = value
		}
	}
	return at
}

// inParams returns where a value of params stands.
func (m *message) inParams(name string) (at span) {
	for other, value := range members(m.text, m.params) {
		if string(other) == name {
			at = value
		}
	}
	return at
}

// canonical returns an id or a token as a key: a string has one spelling of its letters.
func canonical(value []byte) string {
	if len(value) > 0 && value[0] == '"' {
		return "s" + decodeString(value)
	}
	return "n" + string(value)
}

// numberOf returns the number of ours that a value is; 0 if it is none.
func numberOf(value []byte) uint64 {
	n, err := strconv.ParseUint(string(value), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// numberText returns a number of ours as JSON.
func numberText(n uint64) []byte { return strconv.AppendUint(nil, n, 10) }

// isID reports whether a value may be the id of a request.
func isID(value []byte) bool {
	return value[0] == '"' || value[0] == '-' || value[0] >= '0' && value[0] <= '9'
}
