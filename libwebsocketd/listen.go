package libwebsocketd

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"syscall"

	"websocketd/libwebsocketd/listen"
)

// Listen opens every listener cfg asks for: the addresses, or 127.0.0.1 and ::1
// where there are none, the same again for RedirectPort, and the unix socket.
// After an error nothing is open.
func Listen(cfg Config) ([]net.Listener, error) {
	var listeners []net.Listener
	fail := func(err error) ([]net.Listener, error) {
		for _, l := range listeners {
			l.Close()
		}
		return nil, err
	}
	if cfg.wantsTCP() {
		main, err := cfg.listenTCP(cfg.port())
		listeners = append(listeners, main...)
		if err != nil {
			return fail(err)
		}
	}
	if cfg.RedirectPort != 0 {
		second, err := cfg.listenTCP(cfg.RedirectPort)
		for _, l := range second {
			listeners = append(listeners, redirectListener{l})
		}
		if err != nil {
			return fail(err)
		}
	}
	if cfg.UnixSocket != "" {
		l, err := listen.Unix(listen.UnixSocket{Path: cfg.UnixSocket, Mode: cfg.SocketMode, Group: cfg.SocketGroup})
		if err != nil {
			return fail(err)
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

// listenTCP listens on every host, and returns what is open even with an error.
func (c *Config) listenTCP(port int) (listeners []net.Listener, err error) {
	for _, host := range boundHosts(c) {
		l, err := listen.TCPConfig().Listen(context.Background(), "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil && len(c.Addresses) == 0 && host == "::1" && noIPv6(err) {
			continue
		}
		if err != nil {
			return listeners, err
		}
		listeners = append(listeners, l)
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
	case c.wantsTLS():
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
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)
}
