package pow

import (
	"errors"
	"path"
	"strings"
	"unicode"
)

// DefaultBase is the URL path below which pow-1 is spoken.
const DefaultBase = "/pow/"

// reserved is where the server has its own paths, which come before all others.
const reserved = "/.websocketd/"

// CheckBase returns an error if pow-1 cannot be spoken below a path. It does not name the path.
func CheckBase(base string) error {
	if base == "/" {
		return nil
	}
	trimmed, slash := strings.CutSuffix(base, "/")
	isOdd := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("?#%{}", r)
	}
	switch {
	case !slash, !strings.HasPrefix(base, "/"):
		return errors.New("must be a path that begins and ends with a slash, as " + DefaultBase)
	case trimmed == "/", path.Clean(trimmed) != trimmed:
		return errors.New("has an empty part, or . or .., in it: write a path like " + DefaultBase)
	case strings.ContainsFunc(base, isOdd):
		return errors.New("has a blank, a control character or one of ?#%{} in it: write a path like " + DefaultBase)
	case strings.HasPrefix(base, reserved):
		return errors.New("is the server's own path: write another, like " + DefaultBase)
	}
	return nil
}
