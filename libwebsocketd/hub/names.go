package hub

import (
	"errors"
	"strings"
)

const (
	mostChannelName = 256
	mostProcessID   = 128

	// processPrefix begins the name of a channel that is for a process.
	processPrefix = "process:"
)

// Errors of names and of subscriptions.
var (
	ErrChannelName = errors.New("invalid channel name: 1 to 256 letters, digits, and _ - . : are allowed")
	ErrProcessID   = errors.New("invalid process ID: 1 to 128 letters, digits, and _ - . are allowed")
)

// ProcessChannel returns the name of the channel of a process.
func ProcessChannel(id string) string { return processPrefix + id }

// CheckChannel returns an error if name is no name of a channel.
func CheckChannel(name string) error {
	if id, ok := strings.CutPrefix(name, processPrefix); ok {
		return CheckProcessID(id)
	}
	if !isName(name, mostChannelName, true) {
		return ErrChannelName
	}
	return nil
}

// CheckProcessID returns an error if id is no ID of a process.
func CheckProcessID(id string) error {
	if !isName(id, mostProcessID, false) {
		return ErrProcessID
	}
	return nil
}

func isName(s string, most int, colons bool) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-', c == '.', colons && c == ':':
		default:
			return false
		}
	}
	return 0 < len(s) && len(s) <= most
}
