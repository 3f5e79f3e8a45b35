package libwebsocketd

// checkFraming refuses what does not go together.
func (p *Program) checkFraming() error {
	switch p.Framing {
	case "", FramingLine, FramingRaw, FramingNull, FramingLength, FramingLSP, FramingNDJSON:
	default:
		return fieldError("Framing is %q; it may be line, raw, null, length, lsp or ndjson", p.Framing)
	}
	switch p.Newlines {
	case "", NewlinesPass, NewlinesEscape, NewlinesReject:
	default:
		return fieldError("Newlines is %q; it may be pass, escape or reject", p.Newlines)
	}
	lines := p.Framing == "" || p.Framing == FramingLine
	switch {
	case p.Binary && !lines:
		return fieldError("Binary cannot go with the framing %s", p.Framing)
	case p.Stderr == StderrTag && !lines:
		return fieldError("Stderr tag makes lines and cannot go with the framing %s", p.Framing)
	case p.Newlines != "" && p.Newlines != NewlinesPass && (p.Binary || !lines):
		return fieldError("Newlines is for the framing line")
	case p.MaxFrameSize < 0 && p.Framing.NeedsLimit():
		return fieldError("the framing %s needs a MaxFrameSize: a message of the client must be whole before it is passed on", p.Framing)
	}
	return nil
}

// takes is which kinds of messages a client may send, and what is to be done
// about the first one of the other kind; nil: it is ignored and logged.
func (p *Program) takes() (kinds Kind, other func() error) {
	switch p.Framing {
	case FramingRaw, FramingNull, FramingLength:
		return bothKinds, nil
	case FramingLSP, FramingNDJSON:
		reason := "binary messages are not taken with --framing=" + string(p.Framing)
		return Text, func() error { return &RefusedError{Code: closeUnsupportedData, Reason: reason} }
	}
	if p.Binary {
		return Binary, nil
	}
	return Text, nil
}

// clientOptions returns how a WebSocket client of the program is bridged.
func (p *Program) clientOptions() WebSocketOptions {
	kinds, other := p.takes()
	return WebSocketOptions{MaxMessage: p.MaxFrameSize, PingInterval: p.PingInterval, Takes: kinds, Other: other}
}

// processOptions returns how a process of the program is bridged.
func (p *Program) processOptions() ProcessOptions {
	return ProcessOptions{
		Framing: p.Framing, Newlines: p.Newlines, Binary: p.Binary, Tagged: p.Stderr == StderrTag,
		MaxLine: p.MaxLine, CloseDelay: p.CloseDelay,
	}
}
