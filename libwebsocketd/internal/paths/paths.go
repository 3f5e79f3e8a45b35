package paths

import (
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
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

// aliases is whether a file has names besides its own that no link gives it, as on Windows.
const aliases = filepath.Separator == '\\'

// Inside resolves every link in dir and in name, which is below it, and returns the
// resolved dir and where below it name leads. That name leads elsewhere is
// fs.ErrNotExist; a sibling whose name begins like dir's is elsewhere.
//
// On Windows, what name leads to must not be hidden either: GIT~1 is .git. Elsewhere only
// a link leads there, and somebody has made it.
func Inside(dir, name string) (root, relative string, err error) {
	return inside(dir, name, aliases)
}

func inside(dir, name string, aliases bool) (root, relative string, err error) {
	if root, err = filepath.EvalSymlinks(dir); err != nil {
		return "", "", err
	}
	resolved, err := filepath.EvalSymlinks(filepath.Join(root, name))
	if err != nil {
		return "", "", err
	}
	relative, err = filepath.Rel(root, resolved)
	if err != nil || !filepath.IsLocal(relative) || aliases && relative != "." && Hidden(filepath.ToSlash(relative)) {
		return "", "", fs.ErrNotExist
	}
	return root, relative, nil
}

// Alias reports whether a path of a URL has a segment that no file has as its name, but
// that Windows takes for one, or for a device: a\b, a:stream, "a." and NUL.
func Alias(name string) bool {
	return aliases && slices.ContainsFunc(strings.Split(name, "/"), isAlias)
}

func isAlias(segment string) bool {
	return strings.ContainsAny(segment, `\:`) || strings.TrimRight(segment, ". ") != segment ||
		segment != "" && !filepath.IsLocal(segment)
}

// Executable reports whether the mode bits allow a file to be run; on Windows every
// file may be.
func Executable(info fs.FileInfo) bool {
	return filepath.Separator == '\\' || info.Mode()&0o111 != 0
}

// Hidden reports whether a segment of the path begins with a dot. Only .well-known is
// not hidden (RFC 8615). What nobody sees before the dot does not count: HFS+ of macOS
// finds .git also by such a name.
func Hidden(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(segment string) bool {
		return strings.HasPrefix(strings.TrimLeftFunc(segment, isFormat), ".") && segment != ".well-known"
	})
}

func isFormat(r rune) bool { return unicode.Is(unicode.Cf, r) }
