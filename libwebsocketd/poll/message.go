package poll

import (
	"bytes"
	"context"
	"net/http"
	"unicode/utf8"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/after"
)

// serveMessage takes the body of a POST to a program that is not the client's alone,
// as one message.
func serveMessage(w http.ResponseWriter, req *libwebsocketd.Request) {
	if refusal := req.AwaitTurn(w); refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	data, free, ok := req.ReadBody(w, 0)
	if !ok {
		return
	}
	defer free()
	m, refusal := messageOf(req.Program(), data)
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	program, refusal := req.Open(libwebsocketd.Attach{MayStart: true, SendOnly: true, Polling: true})
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	asked := exchange.Ask(w, req.HTTP, req, req.Program().PingInterval)
	err := give(req, program, m)
	asked()
	if err != nil {
		req.Refuse(w, notTaken(req, err))
		return
	}
	req.Log().Log(context.Background(), libwebsocketd.LevelAccess, "MESSAGE", libwebsocketd.CategoryKey, "http", "bytes", len(m.Data))
	w.WriteHeader(http.StatusNoContent)
}

// give sends a message and leaves. A client that leaves itself, or a server that goes
// away, gives up.
func give(req *libwebsocketd.Request, program libwebsocketd.Endpoint, m libwebsocketd.Message) error {
	left := after.Close(req.HTTP.Context(), program)
	going := after.Close(req.Context(), program)
	err := program.Send([]libwebsocketd.Message{m})
	left()
	going()
	program.Close()
	return err
}

// messageOf returns the body as a message. It leaves out the newline at the end of a line,
// which programs that print lines put there.
func messageOf(p *libwebsocketd.Program, data []byte) (libwebsocketd.Message, *gate.Refusal) {
	if p.Lines() {
		if text, ok := bytes.CutSuffix(data, []byte{'\n'}); ok {
			data = bytes.TrimSuffix(text, []byte{'\r'})
		}
	}
	kind, takes := libwebsocketd.Text, p.Takes()
	switch {
	case takes == libwebsocketd.Binary:
		kind = libwebsocketd.Binary
	case utf8.Valid(data):
	case takes == libwebsocketd.Text:
		return libwebsocketd.Message{}, &gate.Refusal{Status: http.StatusBadRequest, Reason: "the message is not UTF-8, and this program takes text (see --binary)"}
	default:
		kind = libwebsocketd.Binary
	}
	return libwebsocketd.Message{Kind: kind, Data: data}, nil
}

// notTaken returns why a program has not taken a message.
func notTaken(req *libwebsocketd.Request, err error) *gate.Refusal {
	code, reason := libwebsocketd.Closing(err)
	switch {
	case req.Context().Err() != nil:
		return gate.GoingAway
	case code == libwebsocketd.CloseUnsupportedData, code == libwebsocketd.CloseInvalidPayload, code == libwebsocketd.ClosePolicyViolation:
		return &gate.Refusal{Status: http.StatusBadRequest, Reason: reason}
	case code == libwebsocketd.CloseMessageTooBig:
		return &gate.Refusal{Status: http.StatusRequestEntityTooLarge, Reason: reason}
	case libwebsocketd.IsEnd(err):
		return &gate.Refusal{Status: http.StatusGone, Reason: "the program has ended: " + reason}
	case code == libwebsocketd.CloseServiceRestart, code == libwebsocketd.CloseTryAgainLater:
		return &gate.Refusal{Status: http.StatusServiceUnavailable, Kind: gate.KindNoProcess, Reason: reason, RetryAfter: 1}
	}
	return &gate.Refusal{Status: http.StatusServiceUnavailable, Kind: gate.KindNoProcess, RetryAfter: 1,
		Reason: "the program has not taken the message: it has ended, or takes no input any more"}
}
