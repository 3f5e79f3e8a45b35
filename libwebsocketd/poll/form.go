package poll

import (
	"fmt"
	"net/http"
	"strings"

	"websocketd/libwebsocketd"
)

// form is how a conversation stands in an answer. The appended text stands for
// itself: pieces of different forms are never mixed.
type form interface {
	// header is what is told before anything is said.
	header(h http.Header)

	// begin is what the answer begins with, when message number before was the last.
	begin(b []byte, before uint64) []byte

	// comment says nothing, "" if there is no way to.
	comment() string

	// message is one message of the program.
	message(b []byte, number uint64, m *libwebsocketd.Message) []byte

	// note is what stands between message number before and the next one.
	note(b []byte, before uint64, n *libwebsocketd.Note) []byte

	// end is the last of it. What belongs behind the body goes into trailer.
	end(b []byte, before uint64, cause error, trailer http.Header) []byte
}

// exitTrailer tells an ending behind the body of an answer.
const exitTrailer = "Websocketd-Exit"

// newPlain chooses by what the program's messages are. Those of the framings raw and
// length, and of Binary, are no lines; raw is text even so.
func newPlain(p *libwebsocketd.Program) plainForm {
	binary := p.Binary || p.Framing == libwebsocketd.FramingLength
	return plainForm{binary: binary, bare: binary || p.Framing == libwebsocketd.FramingRaw}
}

// plainForm is messages as they are.
type plainForm struct {
	binary bool // and no text
	bare   bool // without newlines between them
}

func (f plainForm) header(h http.Header) {
	h.Set("Content-Type", "text/plain; charset=utf-8")
	if f.binary {
		h.Set("Content-Type", "application/octet-stream")
	}
	h.Set("Trailer", exitTrailer)
}

func (plainForm) begin(b []byte, _ uint64) []byte { return b }

func (plainForm) comment() string { return "" }

func (f plainForm) message(b []byte, _ uint64, m *libwebsocketd.Message) []byte {
	b = append(b, m.Data...)
	if f.bare {
		return b
	}
	return append(b, '\n')
}

func (f plainForm) note(b []byte, _ uint64, n *libwebsocketd.Note) []byte {
	return f.message(b, 0, &libwebsocketd.Message{Kind: libwebsocketd.Text, Data: []byte(n.String())})
}

func (plainForm) end(b []byte, _ uint64, cause error, trailer http.Header) []byte {
	trailer.Set(exitTrailer, exitValue(cause))
	return b
}

// exitValue is an ending as one line of a header.
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
