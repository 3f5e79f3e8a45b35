package cli

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"

	"websocketd/internal/systemd"
)

// Names of sockets (FileDescriptorName= of a .socket unit) that are not for clients.
const (
	redirectSocket = "redirect" // answers as --redirport
	adminSocket    = "admin"    // of the operator
)

// inherited are the listeners that the service manager has passed, by what they are for. The
// settings say what they are, so that everything else does as if we had opened them.
type inherited struct{ clients, redirect, admin []net.Listener }

// inherit sorts the sockets of the service manager, TCP first, as Listen has them.
func inherit(sockets []systemd.Socket) (in inherited, err error) {
	for _, s := range sockets {
		to := &in.clients
		switch s.Name {
		case redirectSocket:
			to = &in.redirect
		case adminSocket:
			to = &in.admin
		}
		*to = append(*to, s.Listener)
	}
	slices.SortStableFunc(in.clients, func(a, b net.Listener) int { return btoi(isUnix(a)) - btoi(isUnix(b)) })
	switch {
	case len(in.admin) > 1:
		err = errors.New("the service manager has passed several sockets named admin, and the operator's listener has one address: leave one of them in the .socket unit")
	case slices.ContainsFunc(in.redirect, isUnix):
		err = errors.New("the service manager has passed a unix socket named redirect: a redirect is from a TCP port to another one")
	}
	return in, err
}

func isUnix(l net.Listener) bool { return l.Addr().Network() == "unix" }

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// apply sets the flags of what is listened on to what was passed, and returns notes on those
// that are not used then.
func (in inherited) apply(w *options) (notes []string) {
	l := &w.Listen
	if len(in.clients) > 0 {
		notes = append(notes, w.unused("port", "address", "unixsocket", "socketmode", "socketgroup")...)
		l.Port, l.Address, l.Unixsocket, l.Socketmode, l.Socketgroup = 0, []string{}, "", "", ""
		for _, socket := range in.clients {
			switch at := socket.Addr().(type) {
			case *net.TCPAddr:
				l.Address = append(l.Address, hostOf(at))
				l.Port = at.Port
			case *net.UnixAddr:
				l.Unixsocket = at.Name
			}
		}
	}
	if len(in.redirect) > 0 {
		notes = append(notes, w.unused("redirport")...)
		l.Redirport = in.redirect[0].Addr().(*net.TCPAddr).Port
	}
	if len(in.admin) > 0 {
		if w.Admin.Admin != adminRuntime {
			notes = append(notes, w.unused("admin")...)
		}
		w.Admin.Admin = adminAtSocket(in.admin[0].Addr())
	}
	return notes
}

// hostOf returns the host of an address, with its zone.
func hostOf(at *net.TCPAddr) string {
	host, _, _ := net.SplitHostPort(at.String())
	return host
}

// adminAtSocket returns the value of --admin for an address.
func adminAtSocket(at net.Addr) adminAt {
	if tcp, ok := at.(*net.TCPAddr); ok {
		return adminAt(net.JoinHostPort(hostOf(tcp), strconv.Itoa(tcp.Port)))
	}
	return adminAt("unix:" + at.String())
}

// unused returns a note on each of some flags that is given and has no meaning beside a socket
// of the service manager.
func (w *options) unused(flags ...string) (notes []string) {
	for _, name := range flags {
		if len(valuesOf(w.layers, name)) > 0 {
			notes = append(notes, fmt.Sprintf("--%s is not used: the service manager has passed a socket in its place", name))
		}
	}
	return notes
}
