package libwebsocketd

import (
	"net/http"
	"strings"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/paths"
	"websocketd/libwebsocketd/internal/text"
)

// route is where a request leads: the program to run, and the two parts into which the
// URL path is divided (RFC 3875 sections 4.1.13 and 4.1.5). All later steps take their
// settings from its program.
type route struct {
	program    *program
	argv       []string // argv[0] is the executable's path
	scriptName string
	pathInfo   string
}

// route returns the program for a request, or a refusal with 404.
func (s *Server) route(r *http.Request) (route, *gate.Refusal) { return s.routePath(r.URL.Path) }

// checkPath refuses a path that no program can be told.
func checkPath(path string) *gate.Refusal {
	if hasNUL(path) {
		return newRefusal(http.StatusBadRequest, "the URL contains a NUL")
	}
	return nil
}

func (s *programs) routePath(path string) (route, *gate.Refusal) {
	if refusal := checkPath(path); refusal != nil {
		return route{}, refusal
	}
	clean := paths.Clean(path)
	p, rest := s.routes.Load().find(clean)
	switch {
	case p == nil:
		return route{}, newRefusal(http.StatusNotFound, "no program is served at "+text.Quote(clean))
	case p.scripts != "":
		to, refusal := findScript(p.scripts, clean)
		to.program = p
		return to, refusal
	}
	return route{program: p, argv: p.Command, scriptName: p.Path, pathInfo: rest}, nil
}

// find returns the program that serves a clean path, nil if none does, and the rest of
// that path after the program's own. For a program at / the rest is the whole path.
func (t *routes) find(clean string) (p *program, rest string) {
	for _, p := range t.programs {
		if p.Path == "/" {
			return p, clean
		}
		if rest, ok := strings.CutPrefix(clean, p.Path); ok && (rest == "" || rest[0] == '/') {
			return p, rest
		}
	}
	return nil, ""
}
