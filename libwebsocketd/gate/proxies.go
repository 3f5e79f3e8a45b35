package gate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"websocketd/libwebsocketd/internal/text"
)

// Proxies are the proxies that are trusted to say which client a request comes from, and the
// header in which they say it. Nil trusts none. Proxies never change, and may be used by any
// number of goroutines at once.
type Proxies struct {
	nets   []netip.Prefix
	unix   bool // whoever connects to the unix socket
	header string
}

const (
	// UnixProxy stands in a list of proxies for the clients of the unix socket.
	UnixProxy = "unix"
	// DefaultForwardedHeader is the header that is believed if no other one is named.
	DefaultForwardedHeader = "X-Forwarded-For"

	forwarded      = "Forwarded" // RFC 7239
	forwardedProto = "X-Forwarded-Proto"
)

// NewProxies returns the proxies of a list of addresses, networks and UnixProxy, and the
// header they set: Forwarded, or one with a list of addresses; "" is
// DefaultForwardedHeader. It returns nil for an empty list. The error names the entry at
// fault.
func NewProxies(list []string, header string) (*Proxies, error) {
	list = entries(list)
	switch {
	case len(list) == 0 && header != "":
		return nil, fmt.Errorf("the header %s is to be believed, and no proxy that sets it", text.Quote(header))
	case len(list) == 0:
		return nil, nil
	case header == "":
		header = DefaultForwardedHeader
	}
	if err := CheckForwardedHeader(header); err != nil {
		return nil, err
	}
	p := &Proxies{header: http.CanonicalHeaderKey(header)}
	for _, entry := range list {
		if entry == UnixProxy {
			p.unix = true
			continue
		}
		network, err := parseNetwork(entry)
		if err != nil {
			return nil, err
		}
		p.nets = append(p.nets, network)
	}
	return p, nil
}

// CheckProxy returns an error if an entry can be none of a list of proxies.
func CheckProxy(entry string) error {
	_, err := NewProxies([]string{entry}, "")
	return err
}

// CheckForwardedHeader returns an error if no proxy can name the client in that header.
func CheckForwardedHeader(name string) error {
	switch {
	case !text.IsToken(name):
		return fmt.Errorf("%s cannot be the name of a header; proxies set X-Forwarded-For or Forwarded", text.Quote(name))
	case http.CanonicalHeaderKey(name) == forwardedProto:
		return errors.New(forwardedProto + " has no address; it is read besides the header that has")
	}
	return nil
}

// parseNetwork parses an address or a network, of which it ignores the bits of the host.
func parseNetwork(entry string) (netip.Prefix, error) {
	network, err := netip.ParsePrefix(entry)
	if addr, addrErr := netip.ParseAddr(entry); addrErr == nil && addr.Zone() == "" {
		network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%s is neither an address nor a network: write one like 10.0.0.5 or 10.0.0.0/8, or %s for the unix socket",
			text.Quote(entry), UnixProxy)
	}
	if addr := network.Addr(); addr.Is4In6() && network.Bits() >= 96 {
		network = netip.PrefixFrom(addr.Unmap(), network.Bits()-96)
	}
	return network.Masked(), nil
}

// Client returns where a request comes from that peer has sent. If peer is trusted, that is
// the right-most address of the header that is not trusted as well: every proxy adds the
// address it was connected from on the right, and what stands further left may have been
// sent by anybody. What cannot be read ends the way to the left: then the last proxy that
// could be read stands for those it speaks for.
func (p *Proxies) Client(header http.Header, peer Client) Client {
	if p == nil || !p.trust(peer) {
		return peer
	}
	from := peer
	from.Trusted = true
	for h := range hops(header, p.header) {
		if h.told {
			from.Secure = h.secure
		}
		if !h.addr.IsValid() {
			break
		}
		from.Addr, from.Port = h.addr, ""
		if !p.contain(h.addr) {
			break
		}
	}
	return from
}

// trust reports whether what a peer says is believed.
func (p *Proxies) trust(peer Client) bool {
	if peer.Unix {
		return p.unix
	}
	return p.contain(peer.Addr)
}

// contain reports whether an address is one of the list.
func (p *Proxies) contain(addr netip.Addr) bool {
	addr = addr.WithZone("") // of link-local addresses; no network has one
	return slices.ContainsFunc(p.nets, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// clientKey is the key of a Client in the Context of a request.
type clientKey struct{}

// Mark returns a request for which IsSecure has the word of a trusted proxy.
func (c Client) Mark(r *http.Request) *http.Request {
	if !c.Trusted {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), clientKey{}, c))
}

// IsSecure reports whether the client of a request speaks TLS, to this server or to a
// trusted proxy.
func IsSecure(r *http.Request) bool {
	if c, ok := r.Context().Value(clientKey{}).(Client); ok {
		return c.Secure
	}
	return r.TLS != nil
}

// isHTTPS reports whether a name of a protocol is one over TLS; ok is false if it is neither
// that nor one without.
func isHTTPS(proto string) (secure, ok bool) {
	switch strings.ToLower(proto) {
	case "https", "wss":
		return true, true
	case "http", "ws":
		return false, true
	}
	return false, false
}
