package pow

import (
	"fmt"
	"path"
	"strings"
	"unicode"
)

// DefaultBase is the URL path below which pow-1 is spoken.
const DefaultBase = "/pow/"

// reserved is where the server has its own paths, which come before all others.
const reserved = "/.websocketd/"

// CheckBase returns an error if pow-1 cannot be spoken below a path.
func CheckBase(base string) error {
	if base == "/" {
		return nil
	}
	trimmed, slash := strings.CutSuffix(base, "/")
	isOdd := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("?#%{}", r)
	}
	switch {
	case !slash, trimmed == "/", !strings.HasPrefix(base, "/"), path.Clean(trimmed) != trimmed, strings.ContainsFunc(base, isOdd):
		return fmt.Errorf("the path %q is not one below which pow-1 can be spoken: it begins and ends with a slash, as %s does, "+
			"and has neither empty parts nor . nor .. in it, nor blanks, control characters and any of ?#%%{}", base, DefaultBase)
	case strings.HasPrefix(base, reserved):
		return fmt.Errorf("the path %q is the server's own", base)
	}
	return nil
}
