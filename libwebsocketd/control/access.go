package control

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/listen"
	"websocketd/libwebsocketd/logging"
)

// logRequest logs a request that was admitted. One that goes on with a channel is logged for
// those who trace: to follow a channel is one line of the others.
func (c *Control) logRequest(r *http.Request) {
	logging.At(c.Log, c.levelOf(r), category, r.Method+" "+gate.MaskToken(r.RequestURI), "remote", remoteOf(r))
}

// levelOf returns the level at which a request is logged.
func (c *Control) levelOf(r *http.Request) slog.Level {
	name, isChannel := strings.CutPrefix(r.URL.Path, "/api/channels/")
	epoch, _, isPosition := strings.Cut(r.URL.Query().Get("after"), ":")
	if isChannel && isPosition && epoch != "" && r.Method == http.MethodGet && epoch == c.hub.Epoch(name) {
		return logging.LevelTrace
	}
	return logging.LevelAccess
}

// remoteOf returns where a request comes from, for the log: of a unix socket it is the user of
// the process that has connected, where the system tells it.
func remoteOf(r *http.Request) string {
	if !isUnix(r) {
		return r.RemoteAddr
	}
	if a, ok := r.Context().Value(connKey{}).(*conn); ok {
		if uid, known := listen.PeerUser(a.NetConn()); known {
			return fmt.Sprintf("unix, user %d", uid)
		}
	}
	return "unix"
}
