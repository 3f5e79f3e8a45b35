package control

import (
	"embed"
	"net/http"
	"strings"
	"time"

	"websocketd/libwebsocketd/web"
)

//go:embed api
var apiFiles embed.FS

// serveOpenAPI answers with the OpenAPI document of every route.
func serveOpenAPI() http.HandlerFunc {
	document := web.Embedded(apiFiles, "api/openapi.json")
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(document))
	}
}
