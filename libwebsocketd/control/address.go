package control

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"websocketd/internal/errno"
	"websocketd/libwebsocketd/listen"
)

// Address is where a Control listens: at a Socket, or at a Port of Hosts. The zero value is
// nowhere.
type Address struct {
	Socket string   // path of a unix socket; on Linux @NAME has no file
	Hosts  []string // addresses without brackets, and names
	Port   int      // 0: one that is free
}

// unixPrefix begins the text of an Address that is a socket.
const unixPrefix = "unix:"

var errAddress = errors.New("must be a port, HOST:PORT, [IPV6]:PORT or unix:PATH, like 127.0.0.1:9615")

// ParseAddress reads unix:PATH, HOST:PORT, :PORT or PORT. No host, and localhost, are
// loopback.
func ParseAddress(text string) (Address, error) {
	if path, ok := strings.CutPrefix(text, unixPrefix); ok {
		if path == "" || path == "@" {
			return Address{}, errors.New("has no path: write unix:PATH")
		}
		return Address{Socket: path}, nil
	}
	host, port := "", text
	if strings.Contains(text, ":") {
		var err error
		if host, port, err = net.SplitHostPort(text); err != nil {
			return Address{}, errAddress
		}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || strings.ContainsAny(host, "/*@ ") {
		return Address{}, errAddress
	}
	return Address{Hosts: hostsOf(host), Port: int(number)}, nil
}

// hostsOf returns what is listened on for a host as it is written.
func hostsOf(host string) []string {
	if host == "" || strings.EqualFold(host, "localhost") {
		return []string{"127.0.0.1", "::1"}
	}
	return []string{host}
}

// IsZero reports whether nothing is listened on.
func (a Address) IsZero() bool { return a.Socket == "" && len(a.Hosts) == 0 }

// IsLocal reports whether only processes of this machine can reach the address.
func (a Address) IsLocal() bool {
	return !slices.ContainsFunc(a.Hosts, func(host string) bool {
		addr, err := netip.ParseAddr(host)
		return err != nil || !addr.Unmap().IsLoopback()
	})
}

// Listen opens the listeners of the address, for Serve. With port 0 the system chooses one
// that is free. A machine without IPv6 has no ::1. After an error nothing is open.
func (a Address) Listen() (listeners []net.Listener, err error) {
	if a.Socket != "" {
		l, err := listen.Unix(listen.UnixSocket{Path: a.Socket, Flag: "--admin=unix:PATH"})
		if err != nil {
			return nil, err
		}
		return []net.Listener{l}, nil
	}
	port := a.Port
	for _, host := range a.Hosts {
		l, err := listen.TCP(host, port)
		if err != nil && len(listeners) > 0 && noIPv6(err) {
			continue
		}
		if err != nil {
			closeAll(listeners)
			return nil, err
		}
		listeners = append(listeners, l)
		port = l.Addr().(*net.TCPAddr).Port
	}
	return listeners, nil
}

// noIPv6 reports whether err is that of a machine without IPv6.
func noIPv6(err error) bool {
	return errno.Is(err, syscall.EADDRNOTAVAIL) || errno.Is(err, syscall.EAFNOSUPPORT)
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		l.Close()
	}
}
