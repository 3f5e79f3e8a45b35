package systemd

import (
	"errors"
	"os"
	"syscall"
)

// listens returns an error if a file is no socket that listens for connections: net takes one
// that is connected as well.
func listens(file *os.File) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	accepts := 0
	var sockErr error
	err = raw.Control(func(fd uintptr) {
		accepts, sockErr = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
	})
	switch {
	case err != nil:
		return err
	case sockErr != nil:
		return sockErr
	case accepts == 0:
		return errors.New("it does not listen")
	}
	return nil
}
