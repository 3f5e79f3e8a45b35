package static

import (
	"errors"
	"io/fs"
	"net/http"
	"path"
)

// mostUncounted is how much a listing may take without being counted: the system has room for its text.
const mostUncounted = 16 << 10

var errNoMemory = errors.New("no memory for the listing now (see --maxmemory)")

// list answers with the listing of a directory. Its entries are counted while they are read: they are held
// until the client has taken the listing, and thousands of clients may ask for one that never do.
func (s *Files) list(w http.ResponseWriter, r *http.Request) {
	f, err := s.files.Open(r.URL.Path)
	if err != nil {
		s.server.ServeHTTP(w, r) // which says why
		return
	}
	defer f.Close()
	l, ok := f.(listing)
	if !ok { // it is a file by now
		s.server.ServeHTTP(w, r)
		return
	}
	memory := s.Memory(r)
	defer memory.Free()
	entries, err := l.readAll((&count{r: r, memory: memory}).afford)
	switch {
	case errors.Is(err, errNoMemory):
		w.Header().Set("Retry-After", "1")
		http.Error(w, "503 Service Unavailable: "+err.Error(), http.StatusServiceUnavailable)
	case r.Context().Err() == nil:
		http.FileServer(opened{s.files, path.Clean(r.URL.Path), ready{l, entries, err}}).ServeHTTP(w, r)
	}
}

// count counts the entries of a listing.
type count struct {
	r       *http.Request
	memory  Memory
	counted int // entries
	size    int // of them
}

// afford returns an error if there is no memory for what was read, or the client has left.
func (c *count) afford(entries []fs.FileInfo) error {
	for ; c.counted < len(entries); c.counted++ {
		c.size += entries[c.counted].(entry).size()
	}
	if c.size > mostUncounted && !c.memory.Hold(c.size) {
		return errNoMemory
	}
	return c.r.Context().Err()
}

// opened is a site of which one file is open already.
type opened struct {
	site
	name string
	file http.File
}

// Open implements http.FileSystem.
func (o opened) Open(name string) (http.File, error) {
	if name == o.name {
		return o.file, nil
	}
	return o.site.Open(name)
}

// ready is a listing that was read.
type ready struct {
	listing
	entries []fs.FileInfo
	err     error
}

// Readdir implements http.File.
func (r ready) Readdir(int) ([]fs.FileInfo, error) { return r.entries, r.err }
