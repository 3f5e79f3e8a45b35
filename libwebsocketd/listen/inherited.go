package listen

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
)

// inherited has the listeners that another server has handed over to this process and that nobody
// has asked for yet.
var inherited struct {
	sync.Mutex
	all []handed
}

// handed is a listener of another server: a socket, and for one with a file its lock.
type handed struct {
	network, address string
	files            []*os.File
}

// Inherit makes TCP and Unix use a listener of another server, as Pass has returned it there,
// instead of opening one. The files become this package's. A socket's file stays the other server's until
// Claim.
func Inherit(network, address string, files []*os.File) {
	inherited.Lock()
	defer inherited.Unlock()
	inherited.all = append(inherited.all, handed{network, address, files})
}

// DropInherited closes the listeners that nobody has asked for: the settings have changed.
func DropInherited() {
	inherited.Lock()
	defer inherited.Unlock()
	for _, h := range inherited.all {
		for _, f := range h.files {
			f.Close()
		}
	}
	inherited.all = nil
}

// take returns the first listener that fits.
func take(fits func(h *handed) bool) (h handed, ok bool) {
	inherited.Lock()
	defer inherited.Unlock()
	for i := range inherited.all {
		if fits(&inherited.all[i]) {
			h = inherited.all[i]
			inherited.all = append(inherited.all[:i:i], inherited.all[i+1:]...)
			return h, true
		}
	}
	return handed{}, false
}

// TCP listens on a port of a host, an IP address or a name; 0 is a port that is free.
func TCP(host string, port int) (net.Listener, error) {
	h, ok := take(func(h *handed) bool {
		at, p, err := net.SplitHostPort(h.address)
		return err == nil && h.network == "tcp" && isHost(host, at) && (port == 0 || p == strconv.Itoa(port))
	})
	if ok {
		return h.listen()
	}
	return TCPConfig().Listen(context.Background(), "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
}

// isHost reports whether a listener at an IP address is one that was asked for by that host.
func isHost(host, at string) bool {
	ip, own := net.ParseIP(host), net.ParseIP(at)
	switch {
	case own == nil:
		return false
	case host == "":
		return own.IsUnspecified()
	case ip != nil:
		return ip.Equal(own) || ip.IsUnspecified() && own.IsUnspecified()
	}
	all, _ := net.LookupIP(host)
	for _, ip := range all {
		if ip.Equal(own) {
			return true
		}
	}
	return false
}

// listen makes a listener of the socket.
func (h *handed) listen() (net.Listener, error) {
	l, err := net.FileListener(h.files[0])
	h.files[0].Close()
	if err != nil {
		return nil, fmt.Errorf("listener %s of the server before: %w", h.address, err)
	}
	return l, nil
}
