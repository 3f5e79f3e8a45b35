package static

import (
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"websocketd/libwebsocketd/internal/paths"
)

// tree is an fs.FS as an http.FileSystem.
type tree struct{ fsys fs.FS }

// Open implements http.FileSystem. It looks before it opens: to open a pipe would wait
// for its writer.
func (t tree) Open(name string) (http.File, error) {
	info, err := t.stat(name)
	if err != nil {
		return nil, err
	}
	f, err := t.open(name)
	if err != nil {
		return nil, notThere(err)
	}
	if info.IsDir() {
		return listing{f, t, name}, nil
	}
	if _, err := f.Seek(0, io.SeekCurrent); err != nil {
		return &reread{File: f, again: func() (http.File, error) { return t.open(name) }, size: info.Size()}, nil
	}
	return f, nil
}

func (t tree) open(name string) (http.File, error) {
	return http.FS(t.fsys).Open(path.Clean("/" + name))
}

func (t tree) stat(name string) (fs.FileInfo, error) {
	if paths.Hidden(name) {
		return nil, fs.ErrNotExist
	}
	inside := strings.TrimPrefix(path.Clean("/"+name), "/")
	if inside == "" {
		inside = "."
	}
	info, err := fs.Stat(t.fsys, inside)
	switch {
	case err != nil:
		return nil, notThere(err)
	case !info.IsDir() && !info.Mode().IsRegular():
		return nil, fs.ErrNotExist
	}
	return info, nil
}

// mostReopened is how often a file that cannot seek is read again for one answer: a
// request for many ranges would otherwise have us read it for each of them.
const mostReopened = 4

// reread is a file that cannot seek, such as one in a zip archive. To go back it is opened
// again.
type reread struct {
	http.File
	again    func() (http.File, error)
	size     int64
	wanted   int64 // where the next Read begins
	at       int64 // where File is
	reopened int
}

// Seek implements io.Seeker.
func (f *reread) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.wanted
	case io.SeekEnd:
		offset += f.size
	}
	if offset < 0 {
		return 0, fs.ErrInvalid
	}
	f.wanted = offset
	return offset, nil
}

// Read implements io.Reader.
func (f *reread) Read(b []byte) (int, error) {
	if f.wanted < f.at {
		if err := f.reopen(); err != nil {
			return 0, err
		}
	}
	skipped, err := io.CopyN(io.Discard, f.File, f.wanted-f.at)
	f.at += skipped
	if err != nil {
		return 0, err
	}
	n, err := f.File.Read(b)
	f.at += int64(n)
	f.wanted = f.at
	return n, err
}

func (f *reread) reopen() error {
	if f.reopened == mostReopened {
		return fs.ErrInvalid
	}
	next, err := f.again()
	if err != nil {
		return err
	}
	f.File.Close()
	f.File, f.at = next, 0
	f.reopened++
	return nil
}
