package static

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"syscall"

	"websocketd/libwebsocketd/internal/paths"
)

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
	if paths.Hidden(name) || paths.Alias(name) {
		return "", "", fs.ErrNotExist
	}
	root, relative, err = paths.Inside(d.dir, filepath.FromSlash(paths.Clean(name)))
	if err != nil {
		return "", "", notThere(err)
	}
	if d.isPrivate(filepath.Join(root, relative)) {
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

// isPrivate reports whether a path without links is below the private directory, or is it. Strings
// do not tell: where case does not matter, or through a mount point, a directory has other names.
func (d directory) isPrivate(resolved string) bool {
	if d.private == "" {
		return false
	}
	private, err := os.Stat(d.private)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	for at := resolved; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil || os.SameFile(info, private) {
			return true
		}
		if filepath.Dir(at) == at {
			return false
		}
	}
}
