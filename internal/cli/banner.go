package cli

import (
	"log/slog"
	"net"
	"strings"

	"websocketd/libwebsocketd"
)

// logWhat says what is served, in the older tool's words.
func logWhat(cfg libwebsocketd.Config, log *slog.Logger) {
	if cfg.Dir != "" {
		log.Info("Serving from directory      : " + cfg.Dir)
		return
	}
	log.Info("Serving using application   : " + cfg.Command[0] + " " + strings.Join(cfg.Command[1:], " "))
}

// logWhere says where it is served: one line for each open listener.
func logWhere(cfg libwebsocketd.Config, listeners []net.Listener, log *slog.Logger) {
	var tcp []*net.TCPAddr
	for _, l := range listeners {
		if addr, ok := l.Addr().(*net.TCPAddr); ok {
			tcp = append(tcp, addr)
		}
	}
	for i, addr := range tcp {
		host, port, _ := net.SplitHostPort(addr.String())
		if len(cfg.Addresses) == len(tcp) { // as it was asked for, a name perhaps
			host = strings.Trim(cfg.Addresses[i], "[]")
		}
		log.Info("Starting WebSocket server   : ws://" + net.JoinHostPort(host, port) + "/")
	}
	if len(tcp) > 0 && len(cfg.Addresses) == 0 {
		log.Info("Listening on loopback only  : --address=0.0.0.0 serves every interface")
	}
	if cfg.UnixSocket != "" {
		log.Info("Starting WebSocket server   : unix socket at " + cfg.UnixSocket)
	}
}
