package cli

import (
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"

	"websocketd/libwebsocketd"
)

// logWhat says what is served, in the older tool's words.
func logWhat(cfg libwebsocketd.Config, log *slog.Logger) {
	if cfg.Dir != "" {
		log.Info("Serving from directory      : " + cfg.Dir)
	}
	if len(cfg.Command) > 0 {
		log.Info("Serving using application   : " + cfg.Command[0] + " " + strings.Join(cfg.Command[1:], " "))
	}
	if isShared(cfg.Lifetime) {
		log.Info("Sharing processes           : all clients of a URL have one")
	}
	for _, p := range cfg.Programs {
		log.Info("Serving program             : " + p.Name + " at " + where(p) + ": " + strings.Join(p.Command, " "))
	}
	if cfg.StaticDir != "" {
		log.Info("Serving static content from : " + cfg.StaticDir)
	}
	if cfg.CGIDir != "" {
		log.Info("Serving CGI scripts from    : " + cfg.CGIDir)
	}
	logOrigins(cfg, log)
	if cfg.TLSClientCA != "" {
		log.Info("Mutual TLS enabled (client certs verified against " + cfg.TLSClientCA + ")")
	}
}

// where is the path of a program, and what else clients meet there.
func where(p libwebsocketd.Program) string {
	if isShared(p.Lifetime) {
		return p.Path + ", shared"
	}
	return p.Path
}

// logWhere says where it is served: one line for each address one can type, and one
// for each other thing that is to be found there.
func logWhere(cfg libwebsocketd.Config, listeners []net.Listener, log *slog.Logger) {
	secure := ""
	if cfg.TLSCert != "" {
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

// places are the hosts and ports under which the TCP listeners, which come first, are
// reached: as they were asked for, names perhaps. Without an address it is localhost,
// and all of this machine's addresses stand for one that nobody can type.
func places(cfg libwebsocketd.Config, listeners []net.Listener) (places []string) {
	for i, l := range listeners {
		addr, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			break
		}
		hosts := []string{"localhost"}
		if n := len(cfg.Addresses); n > 0 {
			hosts = []string{strings.Trim(cfg.Addresses[i%n], "[]")}
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

// mostHosts is how many addresses of this machine are told: a host of containers has
// hundreds.
const mostHosts = 8

// interfaceHosts are the addresses of this machine that others can reach it under.
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
