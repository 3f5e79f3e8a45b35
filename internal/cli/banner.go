package cli

import (
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/manager"
	"websocketd/libwebsocketd/mcp"
	"websocketd/libwebsocketd/session"
	"websocketd/libwebsocketd/shared"
)

// logWhat logs what is served, in the older tool's words.
func logWhat(cfg libwebsocketd.Config, log *slog.Logger) {
	if cfg.Dir != "" {
		log.Info("Serving from directory      : " + cfg.Dir)
	}
	if len(cfg.Command) > 0 {
		log.Info("Serving using application   : " + cfg.Command[0] + " " + strings.Join(cfg.Command[1:], " "))
	}
	switch life := cfg.Lifetime.(type) {
	case shared.Lifetime:
		log.Info("Sharing processes           : all clients of a URL have one")
	case session.Lifetime:
		log.Info("Keeping sessions            : " + kept(life) + " while no client is attached")
	case mcp.Lifetime:
		log.Info("Serving MCP clients         : " + mcpWords(life))
	}
	for _, p := range cfg.Programs {
		log.Info("Serving program             : " + p.Name + " at " + where(p) + ": " + strings.Join(p.Command, " "))
	}
	if calls, ok := callsOf(cfg); ok {
		log.Info("Keeping calls over HTTP     : for " + brief(calls.Expiry) + " after the last request about one")
	}
	if cfg.StaticDir != "" {
		log.Info("Serving static content from : " + cfg.StaticDir)
	}
	if cfg.CGIDir != "" {
		log.Info("Serving CGI scripts from    : " + cfg.CGIDir)
	}
	if all := cfg.Credentials; all != nil && len(all.AuthorizationServers) > 0 {
		log.Info("Tokens are to be had from   : " + all.AuthorizationServers[0])
	}
	logOrigins(cfg, log)
	logProxies(cfg, log)
	if cfg.TLSClientCA != "" {
		log.Info("Mutual TLS enabled (client certs verified against " + cfg.TLSClientCA + ")")
	}
}

// kept returns how long sessions are kept without a client.
func kept(life session.Lifetime) string {
	if life.Resume == 0 {
		return "for ever"
	}
	return "for " + brief(life.Resume)
}

// brief returns a duration without the zeros that Go's form ends with: 5m, not 5m0s.
func brief(d time.Duration) string {
	text := d.String()
	if short, cut := strings.CutSuffix(text, "m0s"); cut {
		text = short + "m"
	}
	if short, cut := strings.CutSuffix(text, "h0m"); cut {
		text = short + "h"
	}
	return text
}

// where returns the path of a program and what its processes are, if they are not the
// connections'.
func where(p libwebsocketd.Program) string {
	switch life := p.Lifetime.(type) {
	case shared.Lifetime:
		return p.Path + ", shared"
	case session.Lifetime:
		return p.Path + ", sessions kept " + kept(life)
	case mcp.Lifetime:
		return p.Path + ", MCP, " + mcpWords(life)
	case manager.Lifetime:
		return p.Path + ", supervised" + several(life.Instances)
	}
	return p.Path
}

// several returns how many instances a program has, if it has several.
func several(instances int) string {
	if instances < 2 {
		return ""
	}
	return fmt.Sprintf(", %d instances", instances)
}

// logWhere logs where the server can be reached: one line for each address that can
// be typed, and one for each other service there.
func logWhere(cfg libwebsocketd.Config, listeners []net.Listener, log *slog.Logger) {
	secure := ""
	if cfg.WantsTLS() {
		secure = "s"
	}
	for _, place := range places(cfg, listeners) {
		_, port, _ := net.SplitHostPort(place)
		place += "/"
		switch {
		case cfg.RedirectPort != 0 && port == strconv.Itoa(cfg.RedirectPort):
			log.Info("Starting redirect server    : http://" + place)
			continue
		case len(cfg.Command) > 0 || cfg.Dir != "" || len(cfg.Programs) > 0:
			log.Info("Starting WebSocket server   : ws" + secure + "://" + place)
		}
		if calls, ok := callsOf(cfg); ok {
			log.Info(fmt.Sprintf("Serving calls by name       : ws%s://%s%s, http%[1]s://%[2]s%[3]sdocs/ tells how", secure, place, calls.Base[1:]))
		}
		if cfg.Console {
			log.Info("Developer console enabled   : http" + secure + "://" + place)
		} else if cfg.StaticDir != "" || cfg.CGIDir != "" {
			log.Info("Serving CGI or static files : http" + secure + "://" + place)
		}
	}
	if len(cfg.Addresses) == 0 && len(places(cfg, listeners)) > 0 {
		log.Info("Listening on loopback only  : --address=0.0.0.0 serves every interface")
	}
	if cfg.UnixSocket != "" {
		log.Info("Starting WebSocket server   : unix socket at " + cfg.UnixSocket)
	}
}

// places returns HOST:PORT for the TCP listeners.
// Hosts are as configured, perhaps names. Without an address the host is localhost.
// For an unspecified address, which cannot be typed, it is localhost and all
// addresses of this machine.
func places(cfg libwebsocketd.Config, listeners []net.Listener) (places []string) {
	i := -1
	for _, l := range listeners {
		addr, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			continue
		}
		i++
		hosts := []string{"localhost"}
		if n := len(cfg.Addresses); n > 0 {
			hosts = []string{strings.Trim(cfg.Addresses[i%n], "[]")}
		}
		if ip := net.ParseIP(hosts[0]); ip != nil && !ip.Equal(addr.IP) { // of another listener of the service manager's
			hosts[0] = addr.IP.String()
		}
		if isUnspecified(hosts[0]) {
			hosts = append([]string{"localhost"}, interfaceHosts(addr.IP.To4() == nil)...)
		}
		for _, host := range hosts {
			if place := net.JoinHostPort(host, strconv.Itoa(addr.Port)); !slices.Contains(places, place) {
				places = append(places, place)
			}
		}
	}
	return places
}

// mostHosts limits how many addresses of this machine are logged: a host of
// containers has hundreds.
const mostHosts = 8

// interfaceHosts returns the addresses of this machine that others can reach.
func interfaceHosts(ipv6 bool) (hosts []string) {
	addrs, _ := net.InterfaceAddrs()
	for _, addr := range addrs {
		at, ok := addr.(*net.IPNet)
		if ok && at.IP.IsGlobalUnicast() && (ipv6 || at.IP.To4() != nil) && len(hosts) < mostHosts {
			hosts = append(hosts, at.IP.String())
		}
	}
	return hosts
}
