package cli

import (
	"fmt"
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
	if cfg.TLSCert == "" {
		return
	}
	origins := slices.Clone(cfg.Origins)
	for _, p := range cfg.Programs {
		for _, origin := range p.Origins {
			if !slices.Contains(origins, origin) {
				origins = append(origins, origin)
			}
		}
	}
	for _, origin := range origins {
		if origin != "*" && !strings.Contains(origin, "://") {
			log.Error(fmt.Sprintf("--origin=%q has no scheme, so it also accepts insecure http origins; use %q to require TLS",
				origin, "https://"+origin))
		}
	}
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

// logWhere says where it is served: one line for each open listener, and one
// for each other thing that is to be found there.
func logWhere(cfg libwebsocketd.Config, listeners []net.Listener, log *slog.Logger) {
	secure := ""
	if cfg.TLSCert != "" {
		secure = "s"
	}
	for i, host := range hosts(cfg, listeners) {
		_, port, _ := net.SplitHostPort(listeners[i].Addr().String())
		place := net.JoinHostPort(host, port) + "/"
		switch {
		case cfg.RedirectPort != 0 && port == strconv.Itoa(cfg.RedirectPort):
			log.Info("Starting redirect server   : http://" + place)
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
	if len(cfg.Addresses) == 0 && len(hosts(cfg, listeners)) > 0 {
		log.Info("Listening on loopback only  : --address=0.0.0.0 serves every interface")
	}
	if cfg.UnixSocket != "" {
		log.Info("Starting WebSocket server   : unix socket at " + cfg.UnixSocket)
	}
}

// hosts are the hosts of the TCP listeners, which come first: as they were
// asked for, names perhaps, else as they are.
func hosts(cfg libwebsocketd.Config, listeners []net.Listener) []string {
	var hosts []string
	for i, l := range listeners {
		addr, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			break
		}
		host := addr.IP.String()
		if n := len(cfg.Addresses); n > 0 {
			host = strings.Trim(cfg.Addresses[i%n], "[]")
		}
		hosts = append(hosts, host)
	}
	return hosts
}
