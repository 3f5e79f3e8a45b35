package libwebsocketd

import (
	"net"
	"net/http"
	"net/netip"

	"websocketd/libwebsocketd/gate"
)

// remote is the client that sent a request.
type remote struct {
	addr, host, port string
	gate.Client
	gate.Identity
	seat gate.Seat
	bond string // of the ticket that has proved the Identity; "" if that is for everything, or none has
	asks bool   // for a state alone, which leaves a ticket as good as it was
}

// unixAddr stands for the address of a client of a unix socket, which has none.
const unixAddr = "unix-socket"

// remoteOf returns the client that a request comes from: whoever is connected, or the one
// for whom a trusted proxy has sent it.
func (s *Server) remoteOf(r *http.Request) remote {
	from := peerOf(r)
	if client := s.proxies.Client(r.Header, from.Client); client != from.Client {
		if client.Addr != from.Addr {
			from.addr = client.Addr.String()
		}
		from.port, from.Client = client.Port, client
	}
	if from.host = from.addr; from.addr != unixAddr {
		from.host = s.lookup.Host(from.addr)
	}
	return from
}

// peerOf returns who is connected, without a name.
func peerOf(r *http.Request) remote {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && local.Network() == "unix" {
		return remote{addr: unixAddr, Client: gate.Client{Unix: true, Secure: r.TLS != nil}}
	}
	addr, port, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		addr = r.RemoteAddr
	}
	at, _ := netip.ParseAddr(addr)
	return remote{addr: addr, port: port, Client: gate.Client{Addr: at.Unmap(), Port: port, Secure: r.TLS != nil}}
}
