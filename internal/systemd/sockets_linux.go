package systemd

import (
	"errors"
	"os"
	"syscall"
)

// listens returns an error if a file is no socket that listens for connections of streams: net takes
// one that is connected, or of packets, as well.
func listens(file *os.File) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var accepts, kind int
	var sockErr error
	err = raw.Control(func(fd uintptr) {
		if accepts, sockErr = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN); sockErr == nil {
			kind, sockErr = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TYPE)
		}
	})
	switch {
	case err != nil:
		return err
	case sockErr != nil:
		return sockErr
	case accepts == 0:
		return errors.New("it does not listen")
	case kind != syscall.SOCK_STREAM:
		return errors.New("it is for packets")
	}
	return nil
}
