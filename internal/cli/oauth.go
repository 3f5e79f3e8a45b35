package cli

import (
	"errors"
	"net"
	"net/url"
	"strings"

	"websocketd/libwebsocketd/gate"
)

// audience returns which tokens are for this server by their audience, where --jwtaudience
// does not say it. Clients of a unix socket alone know it by a name of --host.
func (w *options) audience() *gate.Audience {
	bound := atCommas(strings.Join(w.Listen.Address, ","))
	if w.Listen.Unixsocket != "" && w.Listen.Port == 0 && len(bound) == 0 {
		bound = []string{"0.0.0.0"} // which is no name
	}
	return gate.NewAudience(bound, w.Admit.Host)
}

// checkOAuthServer checks the URL of a server that issues tokens: RFC 8414 section 2.
func checkOAuthServer(text string) error {
	u, err := url.Parse(text)
	if err == nil && u.Host != "" && u.User == nil && !strings.ContainsAny(text, "?#") && (u.Scheme == "https" || u.Scheme == "http" && isThisMachine(u.Hostname())) {
		return nil
	}
	return errors.New("must be an https URL without a query, like https://id.example.com; http is for localhost")
}

// isThisMachine reports whether a host can only be this machine.
func isThisMachine(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
