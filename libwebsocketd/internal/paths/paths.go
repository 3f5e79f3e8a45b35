package paths

import (
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Clean returns p without ., .. and repeated slashes, so that no program sees a path
// that means something else to it than to us. A trailing slash stays.
func Clean(p string) string {
	clean := path.Clean("/" + p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

// Inside resolves every link in file and reports whether the result is still
// below dir. A sibling whose name begins like dir's is not.
func Inside(dir, file string) (string, bool) {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", false
	}
	resolved, err := filepath.EvalSymlinks(file)
	if err != nil {
		return "", false
	}
	rel, err := filepath.Rel(root, resolved)
	return resolved, err == nil && filepath.IsLocal(rel)
}

// Executable reports whether the mode bits allow a file to be run; on Windows every
// file may be.
func Executable(info fs.FileInfo) bool {
	return filepath.Separator == '\\' || info.Mode()&0o111 != 0
}

// Hidden reports whether a segment of the path begins with a dot. Only .well-known is
// not hidden (RFC 8615).
func Hidden(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(segment string) bool {
		return strings.HasPrefix(segment, ".") && segment != ".well-known"
	})
}
