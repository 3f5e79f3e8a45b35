package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// checkExposed refuses a file of credentials, or of the log, that --staticdir would serve to
// whoever may come in.
func (w *options) checkExposed() *refusal {
	dir := w.Beside.Staticdir
	for _, f := range []struct{ flag, file string }{
		{"authfile", w.Credential.Authfile}, {"tokenfile", w.Credential.Tokenfile}, {"jwtkey", w.JWT.Jwtkey},
		{"admintokenfile", w.Admin.Admintokenfile}, {"logfile", w.Log.Logfile},
	} {
		if dir != "" && f.file != "" && isServed(dir, f.file) {
			const served = "this file would be served by --staticdir to everyone who may come in: move it out of there, or give it a name that begins with a dot"
			return unusable(f.flag, fmt.Errorf("%s: %s", f.file, served))
		}
	}
	return nil
}

// isServed reports whether a file is below a directory whose files are served. Hidden ones
// are not.
func isServed(dir, file string) bool {
	at, err := realPath(dir)
	if err != nil {
		return false
	}
	of, err := realPath(file)
	if err != nil {
		return false
	}
	below, err := filepath.Rel(at, of)
	below = filepath.ToSlash(below)
	return err == nil && !strings.HasPrefix(below, ".") && !strings.Contains(below, "/.")
}

// realPath returns an absolute path without links. The file itself need not be there.
func realPath(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		real, err = filepath.EvalSymlinks(filepath.Dir(path))
		real = filepath.Join(real, filepath.Base(path))
	}
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}
