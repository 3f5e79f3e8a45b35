package cli

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// eachOf returns a check of a list that applies check to each of its entries.
func eachOf(check func(entry string) error) func(text string) error {
	return func(text string) error {
		for _, entry := range atCommas(text) {
			if err := check(entry); err != nil {
				return err
			}
		}
		return nil
	}
}

// logOrigins warns of lists of origins that let in more, or less, than they seem to.
func logOrigins(cfg libwebsocketd.Config, log *slog.Logger) {
	if cfg.WantsTLS() {
		logInsecure(cfg, log)
	}
	programs := slices.Clone(cfg.Programs)
	if len(cfg.Command) > 0 || cfg.Dir != "" || len(programs) == 0 {
		programs = append(programs, cfg.Program())
	}
	for _, p := range programs {
		if why := lockedOut(cfg, p); why != "" {
			log.Error(strings.TrimPrefix("program "+p.Name+": ", "program : ") + why)
		}
	}
}

func logInsecure(cfg libwebsocketd.Config, log *slog.Logger) {
	origins := slices.Clone(cfg.Origins)
	for _, p := range cfg.Programs {
		origins = append(origins, p.Origins...)
	}
	var warned []string
	for _, origin := range origins {
		if origin == "*" || origin == "null" || strings.Contains(origin, "://") || slices.Contains(warned, origin) {
			continue
		}
		warned = append(warned, origin)
		log.Error(fmt.Sprintf("--origin=%q has no scheme, so it also accepts insecure http origins; use %q to require TLS",
			origin, "https://"+origin))
	}
}

// lockedOut returns why no page of this server can talk to a program although the
// configuration relies on that. It returns "" if one can, or if the names of this
// server are unknown.
func lockedOut(cfg libwebsocketd.Config, p libwebsocketd.Program) string {
	if len(p.Origins) == 0 || !p.SameOrigin && !cfg.Console {
		return ""
	}
	own, known := ownOrigins(cfg)
	origins := gate.NewOrigins(p.Origins, p.SameOrigin)
	if !known || slices.ContainsFunc(own, func(r *http.Request) bool { return origins.Check(r) == nil }) {
		return ""
	}
	list := strings.Join(p.Origins, ",")
	if p.SameOrigin {
		return fmt.Sprintf("--sameorigin and --origin=%s must both let a page in, and no name of this server is in the list: nobody can connect; leave one of the two out", list)
	}
	host, _, _ := net.SplitHostPort(own[0].Host)
	return fmt.Sprintf("--origin=%s does not let the page of --devconsole in: add %s to it", list, host)
}

// ownOrigins returns requests as this server's own pages make them, under the names
// it is bound to and those of --host. known is false where it may have other names.
func ownOrigins(cfg libwebsocketd.Config) (own []*http.Request, known bool) {
	addresses, secure := cfg.Addresses, cfg.WantsTLS()
	if len(addresses) == 0 {
		addresses = []string{"localhost", "127.0.0.1", "::1"}
	}
	if cfg.UnixSocket != "" || slices.Contains(cfg.Hosts, "*") {
		return nil, false
	}
	for _, address := range addresses {
		if isUnspecified(address) {
			return nil, false
		}
		own = append(own, ownOrigin(secure, net.JoinHostPort(strings.Trim(address, "[]"), strconv.Itoa(mainPort(cfg)))))
	}
	for _, host := range cfg.Hosts { // a proxy may have any port
		if strings.HasPrefix(host, "*.") {
			return nil, false
		}
		own = append(own, ownOrigin(secure, host))
		if len(cfg.TrustedProxies) > 0 { // which may speak TLS where this server does not, or the other way round
			own = append(own, ownOrigin(!secure, host))
		}
	}
	return own, true
}

func ownOrigin(secure bool, host string) *http.Request {
	r := &http.Request{Host: host, Header: http.Header{"Origin": {"http://" + host}}}
	if secure {
		r.TLS = &tls.ConnectionState{}
		r.Header.Set("Origin", "https://"+host)
	}
	return r
}

// mainPort returns the port of cfg, or the default port.
func mainPort(cfg libwebsocketd.Config) int {
	switch {
	case cfg.Port != 0:
		return cfg.Port
	case cfg.WantsTLS():
		return 443
	}
	return 80
}

// isUnspecified reports whether an address stands for all addresses of this machine.
func isUnspecified(address string) bool {
	ip := net.ParseIP(strings.Trim(address, "[]"))
	return address == "" || ip != nil && ip.IsUnspecified()
}

// logProxies warns of proxies that are everyone.
func logProxies(cfg libwebsocketd.Config, log *slog.Logger) {
	for _, entry := range cfg.TrustedProxies {
		if strings.HasSuffix(entry, "/0") {
			log.Error(fmt.Sprintf("--trustproxy=%s believes every client who it is and where it comes from; name the proxy's own address", entry))
		}
	}
}
