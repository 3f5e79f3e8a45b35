package libwebsocketd

import (
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/stdio"
	"websocketd/libwebsocketd/ws"
)

// checkFraming refuses what does not go together.
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
	lines := p.Framing == "" || p.Framing == stdio.FramingLine
	switch {
	case p.Binary && !lines:
		return fieldError("Binary cannot go with the framing %s", p.Framing)
	case p.Stderr == StderrTag && !lines:
		return fieldError("Stderr tag makes lines and cannot go with the framing %s", p.Framing)
	case p.Newlines != "" && p.Newlines != stdio.NewlinesPass && (p.Binary || !lines):
		return fieldError("Newlines is for the framing line")
	case p.MaxFrameSize < 0 && p.Framing.NeedsLimit():
		return fieldError("the framing %s needs a MaxFrameSize: a message of the client must be whole before it is passed on", p.Framing)
	}
	return nil
}

// takes is which kinds of messages a client may send, and what is to be done
// about the first one of the other kind; nil: it is ignored and logged.
func (p *Program) takes() (kinds bridge.Kind, other func() error) {
	switch p.Framing {
	case stdio.FramingRaw, stdio.FramingNull, stdio.FramingLength:
		return bridge.BothKinds, nil
	case stdio.FramingLSP, stdio.FramingNDJSON:
		reason := "binary messages are not taken with --framing=" + string(p.Framing)
		return bridge.Text, func() error { return &bridge.RefusedError{Code: bridge.CloseUnsupportedData, Reason: reason} }
	}
	if p.Binary {
		return bridge.Binary, nil
	}
	return bridge.Text, nil
}

// clientOptions returns how a WebSocket client of the program is bridged.
func (p *Program) clientOptions() ws.Options {
	kinds, other := p.takes()
	return ws.Options{MaxMessage: p.MaxFrameSize, PingInterval: p.PingInterval, Takes: kinds, Other: other}
}

// processOptions returns how a process of the program is bridged.
func (p *Program) processOptions() stdio.Options {
	return stdio.Options{
		Framing: p.Framing, Newlines: p.Newlines, Binary: p.Binary, Tagged: p.Stderr == StderrTag,
		MaxLine: p.MaxLine, CloseDelay: p.CloseDelay,
	}
}
