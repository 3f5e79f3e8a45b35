package libwebsocketd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
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
		l, err := listenUnix(cfg.UnixSocket)
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
		l, err := tcpConfig().Listen(context.Background(), "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
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

// boundHosts are the hosts to listen on, without brackets.
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

// noIPv6 tells a machine without IPv6 from an address that is taken.
func noIPv6(err error) bool {
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)
}

// listenUnix listens on a socket file. One that nobody listens on any more is
// replaced; one that is in use, or no socket at all, is left alone.
func listenUnix(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		c, err := net.DialTimeout("unix", path, time.Second)
		switch {
		case err == nil:
			c.Close()
			return nil, fmt.Errorf("socket %s is already in use by a running server", path)
		case !errors.Is(err, syscall.ECONNREFUSED): // busy, or of another kind: not ours to remove
			return nil, fmt.Errorf("socket %s is in use: %w", path, err)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("replace the stale socket: %w", err)
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	own := &unixListener{UnixListener: l.(*net.UnixListener), path: path}
	own.SetUnlinkOnClose(false)
	own.file, _ = os.Lstat(path) // a name like @NAME has no file
	return own, nil
}

// unixListener removes its socket file, but not one that a successor has put in
// its place.
type unixListener struct {
	*net.UnixListener
	path string
	file os.FileInfo
}

// Close stops listening.
func (l *unixListener) Close() error {
	if is, err := os.Lstat(l.path); err == nil && l.file != nil && os.SameFile(is, l.file) {
		os.Remove(l.path)
	}
	return l.UnixListener.Close()
}
