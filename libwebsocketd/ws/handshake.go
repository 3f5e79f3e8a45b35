package ws

import (
	"encoding/base64"
	"net/http"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/text"
)

// CheckHandshake refuses everything that Upgrade would refuse later (RFC 6455 section
// 4.2.1), so that a bad handshake never starts a process. It also refuses a body, which
// would be read as frames (RFC 9110 section 9.3.1 gives a GET none).
func CheckHandshake(w http.ResponseWriter, r *http.Request) *gate.Refusal {
	key := r.Header.Values("Sec-WebSocket-Key")
	switch {
	case r.Method != http.MethodGet:
		return refused(http.StatusMethodNotAllowed, "a WebSocket handshake is a GET, not a "+text.Quote(r.Method))
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		return refused(http.StatusUpgradeRequired, "a WebSocket handshake needs HTTP/1.1, this one is "+r.Proto)
	case !text.HasToken(r.Header.Values("Upgrade"), "websocket"):
		return refused(http.StatusUpgradeRequired, "a WebSocket is here: ask for it with the headers Connection: Upgrade and Upgrade: websocket")
	case !text.HasToken(r.Header.Values("Connection"), "upgrade"):
		return refused(http.StatusBadRequest, "the header Connection: Upgrade is missing; a proxy in between may have to be told to pass it on")
	case len(r.Header.Values("Sec-WebSocket-Version")) == 0:
		return refused(http.StatusBadRequest, "the header Sec-WebSocket-Version is missing")
	case !text.HasToken(r.Header.Values("Sec-WebSocket-Version"), "13"):
		return refused(http.StatusUpgradeRequired, "only version 13 of the WebSocket protocol is spoken here")
	case len(key) > 1:
		return refused(http.StatusBadRequest, "the header Sec-WebSocket-Key is there more than once")
	case len(key) == 0 || !validKey(key[0]):
		return refused(http.StatusBadRequest, "the header Sec-WebSocket-Key is not 16 bytes in base64")
	case r.ContentLength != 0:
		return refused(http.StatusBadRequest, "a WebSocket handshake has no message body: leave Content-Length and Transfer-Encoding out")
	case Hijacker(w) == nil:
		return refused(http.StatusInternalServerError, "the http.ResponseWriter of this server is wrapped in one that lacks Hijack and Unwrap")
	}
	return nil
}

func refused(status int, reason string) *gate.Refusal {
	return &gate.Refusal{Status: status, Reason: reason}
}

func validKey(key string) bool {
	raw, err := base64.StdEncoding.DecodeString(key)
	return err == nil && len(raw) == 16
}
