package static

import (
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"websocketd/libwebsocketd/internal/paths"
)

// site is where the files are: a directory, or a tree.
type site interface {
	http.FileSystem
	stat(name string) (fs.FileInfo, error)
}

// Files serves the files of a directory, and nothing outside it, or those of an fs.FS.
// Links that point inside the directory work, also absolute ones. Hidden files and the
// private directory are 404.
type Files struct {
	files  site
	server http.Handler

	// Memory returns what counts the listing of a directory, until its client has taken it. nil counts none.
	Memory func(r *http.Request) Memory
}

// Memory counts what is held for a client.
type Memory interface {
	Hold(size int) bool // counts so many bytes instead of those before, if there is room for them
	Free()              // is called when nothing is held any more
}

// New returns a handler that serves the files below dir, without those below private, if
// that is not empty.
func New(dir, private string) *Files { return newFiles(directory{dir, private}) }

// NewFS returns a handler that serves the files of fsys. What its links lead to is its own
// affair.
func NewFS(fsys fs.FS) *Files { return newFiles(tree{fsys}) }

func newFiles(files site) *Files { return &Files{files: files, server: http.FileServer(files)} }

// ServeHTTP serves a file, or redirects to its clean path. Any method but GET and HEAD
// is 405.
func (s *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "405 Method Not Allowed: files are read with GET or HEAD", http.StatusMethodNotAllowed)
		return
	}
	clean := paths.Clean(r.URL.Path)
	if strings.HasSuffix(clean, "/index.html") {
		clean = strings.TrimSuffix(clean, "index.html")
	}
	isDir := false
	if info, err := s.files.stat(clean); err == nil {
		clean = strings.TrimSuffix(clean, "/")
		if isDir = info.IsDir(); isDir {
			clean += "/"
		}
	}
	if clean != r.URL.Path {
		to := url.URL{Path: clean, RawQuery: r.URL.RawQuery}
		http.Redirect(w, r, to.String(), http.StatusMovedPermanently)
		return
	}
	if isDir && s.Memory != nil && !s.HasFile(clean) {
		s.list(w, r)
		return
	}
	s.server.ServeHTTP(w, r)
}

// HasFile reports whether path is a file, or a directory with an index.html.
func (s *Files) HasFile(path string) bool {
	info, err := s.files.stat(path)
	if err == nil && info.IsDir() {
		info, err = s.files.stat(path + "/index.html")
	}
	return err == nil && !info.IsDir()
}
