package pow

import (
	"fmt"
	"strings"
	"unicode"

	"websocketd/libwebsocketd/internal/paths"
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
	path, slash := strings.CutSuffix(base, "/")
	switch {
	case !slash, path == "/", !strings.HasPrefix(path, "/"), paths.Clean(path) != path:
		return fmt.Errorf("the path %q is not one below which pow-1 can be spoken: it begins and ends with a slash, as %s does, and has neither empty parts nor . nor .. in it", base, DefaultBase)
	case strings.ContainsAny(path, "?#%{}"), strings.ContainsFunc(path, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return fmt.Errorf("the path %q is not one below which pow-1 can be spoken: it is decoded, and without blanks, control characters and any of ?#%%{}", base)
	case strings.HasPrefix(base, reserved):
		return fmt.Errorf("the path %q is the server's own", base)
	}
	return nil
}
