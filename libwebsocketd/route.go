package libwebsocketd

import (
	"net/http"
	"path"
	"strings"

	"websocketd/libwebsocketd/gate"
)

// route is where a request leads: the program to run and the two parts the URL
// path is divided into (RFC 3875 sections 4.1.13 and 4.1.5).
type route struct {
	argv       []string // argv[0] is the executable's path
	scriptName string
	pathInfo   string
}

// route finds the program for a request. No program: 404.
func (s *Server) route(r *http.Request) (route, *gate.Refusal) {
	if strings.ContainsRune(r.URL.Path, 0) {
		return route{}, refuse(http.StatusBadRequest, "the URL contains a NUL")
	}
	clean := cleanPath(r.URL.Path)
	if s.cfg.Dir != "" {
		return findScript(s.cfg.Dir, clean)
	}
	return route{argv: s.cfg.Command, scriptName: "/", pathInfo: clean}, nil
}

// cleanPath resolves . and .. and repeated slashes, so that no program sees a
// path that means something else to it than to us. A trailing slash stays.
func cleanPath(p string) string {
	clean := path.Clean("/" + p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

func refuse(status int, reason string) *gate.Refusal {
	return &gate.Refusal{Status: status, Reason: reason}
}
