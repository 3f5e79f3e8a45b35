package libwebsocketd

import (
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/stdio"
	"websocketd/libwebsocketd/ws"
)

// checkFraming returns an error if the framing and the other settings exclude each other.
func (p *Program) checkFraming() error {
	switch p.Framing {
	case "", stdio.FramingLine, stdio.FramingRaw, stdio.FramingNull, stdio.FramingLength, stdio.FramingLSP, stdio.FramingNDJSON:
	default:
		return fieldError("Framing is %q; it may be line, raw, null, length, lsp or ndjson", p.Framing)
	}
	switch p.Newlines {
	case "", stdio.NewlinesPass, stdio.NewlinesEscape, stdio.NewlinesReject:
	default:
		return fieldError("Newlines is %q; it may be pass, escape or reject", p.Newlines)
	}
	switch {
	case p.Binary && !p.Framing.Lines():
		return fieldError("Binary cannot go with the framing %s", p.Framing)
	case p.Stderr == StderrTag && !p.Framing.Lines():
		return fieldError("Stderr tag makes lines and cannot go with the framing %s", p.Framing)
	case p.Newlines != "" && p.Newlines != stdio.NewlinesPass && !p.Lines():
		return fieldError("Newlines is for the framing line")
	case p.MaxFrameSize < 0 && p.Framing.NeedsLimit():
		return fieldError("the framing %s needs a MaxFrameSize: a message of the client must be whole before it is passed on", p.Framing)
	}
	return nil
}

// Lines reports whether the program reads and prints lines of text.
func (p *Program) Lines() bool { return !p.Binary && p.Framing.Lines() }

// Pieces reports whether a message of the program is whatever one read of its output
// returned.
func (p *Program) Pieces() bool { return p.Binary || p.Framing == stdio.FramingRaw }

// Takes returns the kinds of messages that a client may send.
func (p *Program) Takes() Kind {
	if p.Binary {
		return bridge.Binary
	}
	return p.Framing.Takes()
}

// Gives returns the kind of the program's messages.
func (p *Program) Gives() Kind {
	if p.Binary {
		return bridge.Binary
	}
	return p.Framing.Gives()
}

// otherKind returns the function to call at a client's first message of a kind that the
// program does not take; nil if such messages are ignored and logged.
func (p *Program) otherKind() func() error {
	if p.Lines() || p.Takes() != bridge.Text {
		return nil
	}
	reason := "binary messages are not taken with --framing=" + string(p.Framing)
	return func() error { return &bridge.RefusedError{Code: bridge.CloseUnsupportedData, Reason: reason} }
}

// clientOptions returns how a WebSocket client of the program is bridged.
func (p *Program) clientOptions() ws.Options {
	return ws.Options{
		MaxMessage: p.MaxFrameSize, PingInterval: p.PingInterval, Throttle: p.MessageRate.Throttle(),
		Takes: p.Takes(), Other: p.otherKind(),
	}
}

// processOptions returns how a process of the program is bridged.
func (p *Program) processOptions() stdio.Options {
	return stdio.Options{
		Framing: p.Framing, Newlines: p.Newlines, Binary: p.Binary, Tagged: p.Stderr == StderrTag,
		MaxLine: p.MaxLine, CloseDelay: p.CloseDelay,
	}
}
