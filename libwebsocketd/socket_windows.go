package libwebsocketd

import (
	"errors"
	"net"
)

// listenUnix listens on a socket file, of which Windows decides who may connect by
// its directory.
func listenUnix(c *Config) (net.Listener, error) {
	if c.SocketMode != 0 || c.SocketGroup != "" {
		return nil, errors.New("Windows has no --socketmode and no --socketgroup: the rights of the directory decide")
	}
	if err := removeStale(c.UnixSocket); err != nil {
		return nil, err
	}
	return net.Listen("unix", c.UnixSocket)
}
