package libwebsocketd

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"websocketd/internal/errno"
	"websocketd/libwebsocketd/logging"
)

// mostPorts is how many ports that the system has chosen are tried: one may be taken on
// another address.
const mostPorts = 20

// StartAsync listens as Listen does, at port instead of Config.Port, and serves in the
// background. It returns the URL of the first address when clients can connect. With port
// 0 the system chooses one that is free on every address.
//
// Shutdown ends it and waits for it. An error that ends it before is logged.
func (s *Server) StartAsync(port int) (url string, err error) {
	if s.cfg.RedirectPort != 0 {
		return "", fieldError("start: RedirectPort is set, and would redirect to Port: use Listen and Serve")
	}
	listeners, err := s.cfg.listenBeside(s.cfg.listenAt(port))
	if err != nil {
		return "", err
	}
	if !s.begin() {
		closeAll(listeners)
		return "", errors.New("start: the server is going away")
	}
	go func() {
		defer s.running.Done()
		if err := s.Serve(listeners...); err != nil {
			logging.At(s.cfg.Logger, logging.LevelError, "server", err.Error())
		}
	}()
	return s.cfg.urlOf(listeners[0]), nil
}

// listenAt listens on every host at port, or at a free one with 0.
func (c *Config) listenAt(port int) (listeners []net.Listener, err error) {
	for range mostPorts {
		listeners, err = c.listenTCP(port)
		if port != 0 || len(listeners) == 0 || !errno.Is(err, syscall.EADDRINUSE) {
			break
		}
		closeAll(listeners)
		listeners = nil
	}
	return listeners, err
}

// urlOf returns the URL of a listener for the first of Addresses.
func (c *Config) urlOf(l net.Listener) string {
	scheme, host := "http://", boundHosts(c)[0]
	if c.WantsTLS() {
		scheme = "https://"
	}
	switch ip, err := netip.ParseAddr(host); {
	case host == "", err == nil && ip.IsUnspecified() && ip.Is4():
		host = "127.0.0.1"
	case err == nil && ip.IsUnspecified():
		host = "::1"
	}
	return scheme + net.JoinHostPort(host, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}
