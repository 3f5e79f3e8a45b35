package stdio

import "websocketd/libwebsocketd/bridge"

// Framing is how one message is separated from the next in a program's output and in its
// input.
//
//	          a message of the program is                         to the client  a message of the client becomes
//	line      a line; one over MaxLine comes in pieces            text           itself and a newline
//	raw       what one read returns                               text           itself
//	null      ended by a NUL                                      text           itself and a NUL
//	length    after its length, 4 bytes, big-endian               binary         its length and itself
//	lsp       after a header with Content-Length                  text           a header and itself
//	ndjson    a line that is one JSON value                       text           itself, compacted, and a newline
//
// The law of all of them:
//
//   - What one read returned is one batch. Only what is not whole is held back.
//   - Text is valid UTF-8; bytes that are not become U+FFFD.
//   - A byte order mark before the JSON of lsp and ndjson is dropped, both ways.
//   - Limits count the message, not what the framing puts around it.
//   - Only a line can be cut. With null, length, lsp and ndjson a message over
//     MaxLine, and what can be no message, end the conversation with 1011 and a
//     reason. What was whole before is delivered first.
//   - At the end of the output an unterminated message of line, null and, if it is
//     whole JSON, ndjson is delivered. A length or lsp message that is cut off is
//     not, and ends with 1011.
//   - A client's message that the framing cannot carry does not reach the program, and
//     ends the conversation with 1008. With null that is one that contains a NUL, with
//     ndjson one that is not JSON, with lsp one that brings its own, wrong header.
//   - With MaxFrameSize unlimited, messages arrive in pieces: null and NewlinesReject
//     then end the conversation at the offending piece. length, lsp and ndjson require
//     a limit.
//   - A client may send both kinds with raw, null and length. With lsp and ndjson a
//     binary message ends the conversation with 1003; with line it is ignored.
type Framing string

// Framings.
const (
	FramingLine   Framing = "line" // the default
	FramingRaw    Framing = "raw"
	FramingNull   Framing = "null"
	FramingLength Framing = "length"
	FramingLSP    Framing = "lsp"
	FramingNDJSON Framing = "ndjson"
)

// Newlines says what happens to newlines, LF and CR, inside a client's message when the
// framing is FramingLine.
type Newlines string

const (
	NewlinesPass   Newlines = "pass"   // the program reads several lines (default)
	NewlinesEscape Newlines = "escape" // LF becomes backslash n, CR backslash r; nothing else changes
	NewlinesReject Newlines = "reject" // the message ends the conversation with 1008 and does not reach the program
)

var (
	errOverMaxLine = &bridge.BrokenError{Reason: "message over --maxline"}
	errCutOff      = &bridge.BrokenError{Reason: "output ended inside a message"}
)

// Lines reports whether every message is a line. It does so for an empty Framing too.
func (f Framing) Lines() bool { return f == "" || f == FramingLine }

// Takes returns the kinds of messages a client may send.
func (f Framing) Takes() bridge.Kind {
	switch f {
	case FramingRaw, FramingNull, FramingLength:
		return bridge.BothKinds
	}
	return bridge.Text
}

// Gives returns the kind of the program's messages to the client.
func (f Framing) Gives() bridge.Kind {
	if f == FramingLength {
		return bridge.Binary
	}
	return bridge.Text
}

// NeedsLimit reports whether a client's message must be whole before any of it
// can be passed on, so that MaxFrameSize must not be without limit.
func (f Framing) NeedsLimit() bool {
	return f == FramingLength || f == FramingLSP || f == FramingNDJSON
}

// newCutter returns the cutter of a framing whose messages must be whole. It passes
// lines that are no message of lsp or ndjson to junk.
func newCutter(cfg *Options, junk func(line []byte)) cutter {
	switch cfg.Framing {
	case FramingNull:
		return &nullCutter{max: cfg.MaxLine}
	case FramingLength:
		return &lengthCutter{max: cfg.MaxLine}
	case FramingLSP:
		return newLSPCutter(cfg.MaxLine, junk)
	}
	return &ndjsonCutter{max: cfg.MaxLine, junk: junk}
}

// newFramer returns the framer of a framing, nil if it only adds a newline.
func newFramer(cfg *Options) framer {
	switch cfg.Framing {
	case FramingRaw:
		return rawFramer{}
	case FramingNull:
		return nullFramer{}
	case FramingLength:
		return lengthFramer{}
	case FramingLSP:
		return lspFramer{}
	case FramingNDJSON:
		return &ndjsonFramer{}
	}
	switch cfg.Newlines {
	case NewlinesEscape:
		return &escapingFramer{}
	case NewlinesReject:
		return rejectingFramer{}
	}
	return nil
}
