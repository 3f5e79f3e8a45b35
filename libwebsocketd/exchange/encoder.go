package exchange

import (
	"net/http"

	"websocketd/libwebsocketd/bridge"
)

// Encoder says how a conversation stands in an answer. The appended text stands for
// itself: pieces of different Encoders are never mixed. What is made of a message of a
// Broadcast is shared by all clients whose Encoders are equal (==), so it must not depend
// on anything else.
type Encoder interface {
	// Header sets what is told before anything is said.
	Header(h http.Header)

	// Comment returns what says nothing, "" if there is no way to.
	Comment() string

	// Tells reports whether End is a part of the answer, wherever that has got to.
	Tells() bool

	// Message appends one message of the program.
	Message(b []byte, number uint64, m *bridge.Message) []byte

	// Note appends what stands between message number before and the next one.
	Note(b []byte, before uint64, n *bridge.Note) []byte

	// End appends the last of it. h is the answer's header, as long as that was not
	// sent, and then its trailer.
	End(b []byte, before uint64, cause error, h http.Header) []byte
}

// Opener is an Encoder whose program says the status and the header of the answer before
// all else.
type Opener interface {
	Encoder

	// Open takes them off what was said so far, and sets h. status is 0 as long as
	// more has to come; body is the rest. After an error nothing more is taken.
	Open(said []byte, h http.Header) (status int, body []byte, err error)

	// Refuse gives the answer instead of one that has no status when the conversation
	// ends because of cause, or because Open has failed.
	Refuse(w http.ResponseWriter, cause error)
}
