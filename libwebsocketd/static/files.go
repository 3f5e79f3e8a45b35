package static

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"websocketd/libwebsocketd/internal/paths"
)

// Files serves the files of a directory, and nothing outside it. Links that point
// inside it work, also absolute ones. Hidden files and the private directory are 404.
type Files struct {
	files  directory
	server http.Handler
}

// New returns a handler that serves the files below dir, without those below private, if
// that is not empty.
func New(dir, private string) *Files {
	files := directory{dir, private}
	return &Files{files, http.FileServer(files)}
}

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
	if info, err := s.files.stat(clean); err == nil {
		clean = strings.TrimSuffix(clean, "/")
		if info.IsDir() {
			clean += "/"
		}
	}
	if clean != r.URL.Path {
		to := url.URL{Path: clean, RawQuery: r.URL.RawQuery}
		http.Redirect(w, r, to.String(), http.StatusMovedPermanently)
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

// directory is the directory as an http.FileSystem.
type directory struct{ dir, private string }

// Open implements http.FileSystem.
func (d directory) Open(name string) (http.File, error) {
	root, relative, err := d.resolve(name)
	if err != nil {
		return nil, err
	}
	// The path was free of links a moment ago. If one has been put there since, the
	// root still does not lead outside.
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	// Without O_NONBLOCK, to open a pipe would wait for its writer.
	f, err := r.OpenFile(relative, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, notThere(err)
	}
	info, err := f.Stat()
	if err == nil && (!info.IsDir() && !info.Mode().IsRegular() || !d.leadsTo(name, info)) {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	if info.IsDir() {
		return listing{f, d, name}, nil
	}
	return f, nil
}

// leadsTo resolves name again, now that it is open, and reports whether it still leads to
// the opened file.
func (d directory) leadsTo(name string, opened fs.FileInfo) bool {
	root, relative, err := d.resolve(name)
	if err != nil {
		return false
	}
	info, err := os.Lstat(filepath.Join(root, relative))
	return err == nil && os.SameFile(info, opened)
}

func (d directory) stat(name string) (fs.FileInfo, error) {
	root, relative, err := d.resolve(name)
	if err != nil {
		return nil, err
	}
	return os.Stat(filepath.Join(root, relative))
}

// resolve follows every link in name, and returns where below root it leads.
func (d directory) resolve(name string) (root, relative string, err error) {
	if paths.Hidden(name) {
		return "", "", fs.ErrNotExist
	}
	if root, err = filepath.EvalSymlinks(d.dir); err != nil {
		return "", "", err
	}
	resolved, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(paths.Clean(name))))
	if err != nil {
		return "", "", notThere(err)
	}
	relative, err = filepath.Rel(root, resolved)
	if err != nil || !filepath.IsLocal(relative) || d.isPrivate(resolved) {
		return "", "", fs.ErrNotExist
	}
	return root, relative, nil
}

// notThere returns err if it is about permission, else fs.ErrNotExist: a hopeless path
// gives many errors, such as that of a name too long or of a file used as a directory.
func notThere(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return err
	}
	return fs.ErrNotExist
}

func (d directory) isPrivate(resolved string) bool {
	if d.private == "" {
		return false
	}
	_, inside := paths.Inside(d.private, resolved)
	return inside
}

// listing is an open directory that lists only what may be seen.
type listing struct {
	http.File
	in   directory
	name string
}

// mostListed bounds a listing: every request for one makes us hold it in memory.
const mostListed = 5000

// notListed is the entry of a listing for all entries it leaves out.
type notListed struct{ fs.FileInfo }

// Name implements fs.FileInfo. It sorts before all others.
func (notListed) Name() string { return " only 5000 entries of this directory are listed" }

// IsDir implements fs.FileInfo.
func (notListed) IsDir() bool { return false }

// Readdir implements http.File.
func (l listing) Readdir(count int) ([]fs.FileInfo, error) {
	if count > 0 {
		return l.seen(l.File.Readdir(count))
	}
	infos, err := l.File.Readdir(mostListed + 1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	more := len(infos) > mostListed
	infos, err = l.seen(infos[:min(len(infos), mostListed)], err)
	if more {
		infos = append(infos, notListed{})
	}
	return infos, err
}

// seen returns infos without what may not be seen.
func (l listing) seen(infos []fs.FileInfo, err error) ([]fs.FileInfo, error) {
	return slices.DeleteFunc(infos, func(info fs.FileInfo) bool {
		seen, err := l.in.stat(l.name + "/" + info.Name())
		return err != nil || !seen.IsDir() && !seen.Mode().IsRegular()
	}), err
}
