package poll

import (
	"fmt"
	"net/http"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/exchange"
)

// exitHeader tells an ending before or after the body of an answer.
const exitHeader = "Websocketd-Exit"

// wantsTrailer reports whether the client can take a trailer (RFC 9110 section
// 10.1.4). Some that have not said so fail when there is one.
func wantsTrailer(r *http.Request) bool {
	if !r.ProtoAtLeast(1, 1) { // which has none
		return false
	}
	for _, line := range r.Header.Values("TE") {
		for item := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(item), "trailers") {
				return true
			}
		}
	}
	return false
}

// newPlain chooses by what the program's messages are. Those of the framings raw and
// length, and of Binary, are no lines; raw is text even so.
func newPlain(p *libwebsocketd.Program, trailer bool) plainForm {
	binary := p.Gives() == libwebsocketd.Binary
	return plainForm{binary: binary, bare: binary || p.Pieces(), trailer: trailer}
}

// plainForm is messages as they are.
type plainForm struct {
	binary  bool // and no text
	bare    bool // without newlines between them
	trailer bool // tells the ending
}

// Header implements exchange.Encoder.
func (f plainForm) Header(h http.Header) {
	if f.binary {
		suggest(h, "Content-Type", "application/octet-stream")
	}
	if f.trailer {
		h.Set("Trailer", exitHeader)
	}
	exchange.Streams(h, "text/plain; charset=utf-8")
}

// Comment returns none: whatever stands in the answer counts.
func (plainForm) Comment() string { return "" }

// Tells reports whether there is a trailer.
func (f plainForm) Tells() bool { return f.trailer }

// Message appends a line, or bytes.
func (f plainForm) Message(b []byte, _ uint64, m *libwebsocketd.Message) []byte {
	b = append(b, m.Data...)
	if f.bare {
		return b
	}
	return append(b, '\n')
}

// Note appends a message of our own.
func (f plainForm) Note(b []byte, _ uint64, n *libwebsocketd.Note) []byte {
	return f.Message(b, 0, &libwebsocketd.Message{Kind: libwebsocketd.Text, Data: []byte(n.String())})
}

// End tells the ending in a header, or in the trailer.
func (plainForm) End(b []byte, _ uint64, cause error, h http.Header) []byte {
	h.Set(exitHeader, exitValue(cause))
	return b
}

// exitValue returns an ending as one line of a header.
func exitValue(cause error) string {
	code, reason := libwebsocketd.Closing(cause)
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, strings.Map(visible, reason)))
}

// visible replaces what cannot stand in a header (RFC 9110 section 5.5).
func visible(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}
