package mcp

import (
	"net/http"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/text"
)

// allowPage lets the page of a request read the answer, and the headers in it that it needs.
func allowPage(h http.Header, req *libwebsocketd.Request) {
	if req.HTTP.Header.Get("Origin") != "" && h.Get("Access-Control-Expose-Headers") == "" {
		h.Set("Access-Control-Expose-Headers", exposed)
	}
	req.AllowOrigin(h)
}

// exposed are the headers of an answer that a page may read.
const exposed = headerSession + ", Retry-After, WWW-Authenticate"

// pageHeaders are what a page may send besides Mcp-Param-*, which it has to ask for by name.
const pageHeaders = "Authorization, Content-Type, Accept, Last-Event-ID, " +
	headerSession + ", " + headerVersion + ", " + headerMethod + ", " + headerName

// answerPreflight tells a browser what a page may ask for (Fetch section 4.8).
func answerPreflight(w http.ResponseWriter, req *libwebsocketd.Request) {
	if w.Header().Get("Access-Control-Allow-Headers") == "" {
		w.Header().Set("Access-Control-Allow-Headers", allowedHeaders(req.HTTP.Header.Values("Access-Control-Request-Headers")))
	}
	req.AnswerPreflight(w, "GET, POST, DELETE")
}

// allowedHeaders returns the list of what a page may send that asks with these lines.
func allowedHeaders(asked []string) string {
	allowed := []string{pageHeaders}
	for _, line := range asked {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.TrimSpace(name)
			if len(name) > len(headerParam) && strings.EqualFold(name[:len(headerParam)], headerParam) && text.IsToken(name) {
				allowed = append(allowed, name)
			}
		}
	}
	return strings.Join(allowed, ", ")
}
