package libwebsocketd

import (
	"net"
	"slices"
	"strings"
	"syscall"

	"websocketd/internal/errno"
	"websocketd/libwebsocketd/listen"
)

// Listen opens every listener cfg asks for: the addresses, or 127.0.0.1 and ::1
// where there are none, the same again for RedirectPort, and the unix socket.
// After an error nothing is open.
func Listen(cfg Config) ([]net.Listener, error) {
	switch {
	case len(cfg.Listeners) > 0:
		return cfg.listenBeside(slices.Clone(cfg.Listeners), nil)
	case !cfg.wantsTCP():
		return cfg.listenBeside(nil, nil)
	}
	return cfg.listenBeside(cfg.listenTCP(cfg.port()))
}

// listenBeside opens what cfg asks for beside the listeners of the main port. It is given
// these with the error of opening them.
func (c *Config) listenBeside(listeners []net.Listener, err error) ([]net.Listener, error) {
	if err == nil && c.RedirectPort != 0 {
		second := c.RedirectListeners
		if len(second) == 0 {
			second, err = c.listenTCP(c.RedirectPort)
		}
		for _, l := range second {
			listeners = append(listeners, redirectListener{l})
		}
	}
	if err == nil && c.UnixSocket != "" && len(c.Listeners) == 0 {
		var l net.Listener
		if l, err = listen.Unix(listen.UnixSocket{Path: c.UnixSocket, Mode: c.SocketMode, Group: c.SocketGroup}); err == nil {
			listeners = append(listeners, l)
		}
	}
	if err != nil {
		closeAll(listeners)
		return nil, err
	}
	return listeners, nil
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		l.Close()
	}
}

// listenTCP listens on every host, and returns what is open even with an error. With port 0
// it lets the system choose one for the first host, which must be free on the others.
func (c *Config) listenTCP(port int) (listeners []net.Listener, err error) {
	for _, host := range boundHosts(c) {
		l, err := listen.TCP(host, port)
		if err != nil && len(c.Addresses) == 0 && host == "::1" && noIPv6(err) {
			continue
		}
		if err != nil {
			return listeners, err
		}
		listeners = append(listeners, l)
		port = l.Addr().(*net.TCPAddr).Port
	}
	return listeners, nil
}

func (c *Config) wantsTCP() bool {
	return c.UnixSocket == "" || c.Port != 0 || len(c.Addresses) > 0 || c.RedirectPort != 0
}

func (c *Config) port() int {
	switch {
	case c.Port != 0:
		return c.Port
	case c.WantsTLS():
		return 443
	}
	return 80
}

// boundHosts returns the hosts to listen on, without brackets.
func boundHosts(c *Config) []string {
	if len(c.Addresses) == 0 {
		return []string{"127.0.0.1", "::1"}
	}
	hosts := make([]string, len(c.Addresses))
	for i, address := range c.Addresses {
		hosts[i] = strings.TrimSuffix(strings.TrimPrefix(address, "["), "]")
	}
	return hosts
}

// noIPv6 reports whether err is that of a machine without IPv6, and not that of an
// address in use.
func noIPv6(err error) bool {
	return errno.Is(err, syscall.EADDRNOTAVAIL) || errno.Is(err, syscall.EAFNOSUPPORT)
}
