//go:build !linux

package sandbox

import (
	"errors"

	"websocketd/libwebsocketd/process"
)

// Enter returns an error: there is no landlock here.
func Enter(process.Sandbox, string) error {
	return errors.New("a sandbox needs Linux")
}
