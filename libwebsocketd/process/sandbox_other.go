//go:build !linux

package process

import "errors"

// checkSandbox returns an error: there are no sandboxes here.
func checkSandbox() error {
	return errors.New("a sandbox needs Linux; leave it out, or run the program as another user")
}
