package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// checkExposed refuses a file of credentials, a private key, or the log, that --staticdir would
// serve to everyone who may come in.
func (w *options) checkExposed() *refusal {
	dir := w.Beside.Staticdir
	for _, f := range []struct{ flag, file string }{
		{"authfile", w.Credential.Authfile}, {"tokenfile", w.Credential.Tokenfile}, {"jwtkey", w.JWT.Jwtkey},
		{"groupfile", w.Credential.Groupfile}, {"sslkey", w.TLS.Sslkey},
		{"admintokenfile", w.Admin.Admintokenfile}, {"logfile", w.Log.Logfile}, {"acmedir", w.keptKeys()},
	} {
		if dir != "" && f.file != "" && isServed(dir, f.file) {
			what := "file"
			if f.flag == "acmedir" {
				what = "directory"
			}
			const served = "would be served by --staticdir to everyone who may come in: move it out of there, or give it a name that begins with a dot"
			return unusable(f.flag, fmt.Errorf("%s: this %s %s", f.file, what, served))
		}
	}
	return nil
}

// keptKeys returns where the keys of issued certificates are; "" if there are none.
func (w *options) keptKeys() string {
	if !w.issues() {
		return ""
	}
	dir, _ := w.acmeDir()
	return dir
}

// isServed reports whether a file, or all of a directory, is below a directory whose files are
// served. Hidden ones are not; .well-known is not hidden (RFC 8615).
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
	return err == nil && !slices.ContainsFunc(strings.Split(filepath.ToSlash(below), "/"), func(segment string) bool {
		return strings.HasPrefix(segment, ".") && segment != "." && segment != ".well-known"
	})
}

// realPath returns an absolute path without links, of what need not be there.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(path)
	if above := filepath.Dir(path); errors.Is(err, fs.ErrNotExist) && above != path {
		above, err = realPath(above)
		return filepath.Join(above, filepath.Base(path)), err
	}
	return real, err
}
