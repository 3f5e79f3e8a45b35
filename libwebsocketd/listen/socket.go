package listen

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"websocketd/internal/errno"
)

// ParseSocketMode returns the mode of a socket's file, given in octal: 0660.
func ParseSocketMode(text string) (os.FileMode, error) {
	mode, err := strconv.ParseUint(strings.TrimPrefix(text, "0o"), 8, 32)
	if err != nil || mode == 0 || mode > 0o777 {
		return 0, errors.New("must be an octal number from 0001 to 0777, like 0660")
	}
	return os.FileMode(mode), nil
}

// LookupSocketGroup returns the number of a group, which is given by name or by number.
func LookupSocketGroup(group string) (int, error) {
	if gid, err := strconv.ParseUint(group, 10, 31); err == nil {
		return int(gid), nil
	}
	found, err := user.LookupGroup(group)
	if unknown := user.UnknownGroupError(""); errors.As(err, &unknown) {
		return 0, errors.New("there is no such group on this machine; give the name of one, or a number")
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(found.Gid)
}

// UnixSocket is a socket to listen on, and who may connect to its file. Mode 0 is
// 0600, or 0660 with a Group, which is a name or a number. Flag is what gave the Path, for
// errors; "" is --unixsocket.
type UnixSocket struct {
	Path  string
	Mode  os.FileMode
	Group string
	Flag  string
}

func (s *UnixSocket) flag() string { return cmp.Or(s.Flag, "--unixsocket") }

// mode returns the mode the socket's file gets.
func (s *UnixSocket) mode() os.FileMode {
	switch {
	case s.Mode != 0:
		return s.Mode
	case s.Group != "":
		return 0o660
	}
	return 0o600
}

// IsAbstractSocket reports whether path names a socket of Linux that has no file: @NAME.
func IsAbstractSocket(path string) bool {
	return runtime.GOOS == "linux" && strings.HasPrefix(path, "@")
}

// listenAbstract listens on a socket without a file. The system lets only one server
// bind it.
func (s *UnixSocket) listenAbstract() (net.Listener, error) {
	if s.Mode != 0 || s.Group != "" {
		return nil, fmt.Errorf("socket %s has no file, and so no mode and no group: leave --socketmode and --socketgroup out, or name a file", s.Path)
	}
	return net.Listen("unix", s.Path)
}

// removeStale removes a socket's file that no server listens on any more. It does not
// touch one that is in use, nor a file that is no socket.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return nil // bind will report it
	}
	switch err := dialSocket(path); {
	case err == nil:
		return inUse(path)
	case !errno.Is(err, syscall.ECONNREFUSED): // busy, or of another kind: not ours to remove
		return fmt.Errorf("socket %s is in use: %w", path, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("replace the stale socket: %w", err)
	}
	return nil
}

func dialSocket(path string) error {
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
	}
	return err
}

func inUse(path string) error {
	return fmt.Errorf("socket %s is already in use by a running server", path)
}
