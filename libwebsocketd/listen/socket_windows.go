package listen

import (
	"errors"
	"net"
)

// Unix listens on a socket file. On Windows the rights of its directory decide who may
// connect.
func Unix(s UnixSocket) (net.Listener, error) {
	if s.Mode != 0 || s.Group != "" {
		return nil, errors.New("Windows has no --socketmode and no --socketgroup: the rights of the directory decide")
	}
	if err := removeStale(s.Path); err != nil {
		return nil, err
	}
	return net.Listen("unix", s.Path)
}
