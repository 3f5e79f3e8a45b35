package credential

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestUser is the length in bytes of the longest name of a user.
const longestUser = 256

// CheckUser returns why a name cannot be that of a user, which the log and REMOTE_USER show
// as it is. The error does not repeat the name.
func CheckUser(name string) error {
	switch {
	case name == "":
		return errors.New("the name of the user is empty")
	case len(name) > longestUser:
		return fmt.Errorf("the name of the user has %d bytes, more than %d", len(name), longestUser)
	case !isPrintable(name):
		return errors.New("the name of the user has characters that cannot be printed")
	case strings.TrimSpace(name) != name: // REMOTE_USER would be without them, and so another user
		return errors.New("the name of the user begins or ends with a blank")
	}
	return nil
}

// isPrintable reports whether a text can be shown as it is, on one line.
func isPrintable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
