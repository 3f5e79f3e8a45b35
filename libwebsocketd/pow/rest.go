package pow

import (
	"net/http"

	"websocketd/libwebsocketd"
)

// Mounts returns what answers the requests of the REST API, for libwebsocketd.Config.Mounts.
func (h *Handler) Mounts() []libwebsocketd.Mounted {
	return []libwebsocketd.Mounted{{Pattern: h.o.Base, Serve: func(w http.ResponseWriter, req *libwebsocketd.Request) {
		http.NotFound(w, req.HTTP)
	}}}
}
