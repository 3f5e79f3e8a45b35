package control

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"websocketd/libwebsocketd/listen"
)

// RuntimeDir returns the directory in which the servers of this user have their sockets, by
// which `websocketd ctl` finds them.
func RuntimeDir() (string, error) {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "websocketd"), nil
	}
	if os.Geteuid() == 0 {
		return "/run/websocketd", nil
	}
	return "", errors.New("XDG_RUNTIME_DIR is not set to a directory")
}

// ListenRuntime listens on the socket of this process in RuntimeDir, which it makes.
func ListenRuntime() (net.Listener, error) {
	dir, err := RuntimeDir()
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir() || info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s is not a directory of mode 0700", dir)
	}
	return listen.Unix(listen.UnixSocket{Path: filepath.Join(dir, strconv.Itoa(os.Getpid())+".sock"), Flag: "XDG_RUNTIME_DIR"})
}
