package cli

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"

	"websocketd/internal/errno"
	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/control"
)

// wayOut returns advice to append to an error of listening, or "".
func wayOut(err error, cfg libwebsocketd.Config) string {
	if looked := (*net.DNSError)(nil); errors.As(err, &looked) {
		return withoutPort(looked.Name)
	}
	failed := (*net.OpError)(nil)
	if !errors.As(err, &failed) {
		return ""
	}
	at, ok := failed.Addr.(*net.TCPAddr)
	if !ok {
		return ""
	}
	flag := "port="
	if at.Port == cfg.RedirectPort {
		flag = "redirport="
	}
	if errno.Is(err, syscall.EADDRNOTAVAIL) {
		return fmt.Sprintf("; --address=%s is no address of this machine", at.IP)
	}
	return otherPort(err, at.Port, flag)
}

// adminWayOut does what wayOut does, for the operator's listener.
func adminWayOut(err error, a control.Address) string {
	if looked := (*net.DNSError)(nil); errors.As(err, &looked) {
		return "; --admin=HOST:PORT is where the operator's listener is, on this machine"
	}
	failed := (*net.OpError)(nil)
	if !errors.As(err, &failed) {
		return ""
	}
	at, ok := failed.Addr.(*net.TCPAddr)
	if !ok {
		return ""
	}
	if errno.Is(err, syscall.EADDRNOTAVAIL) {
		return fmt.Sprintf("; --admin=%s is no address of this machine", net.JoinHostPort(a.Hosts[0], strconv.Itoa(a.Port)))
	}
	flag := "admin="
	if a.Hosts[0] != "127.0.0.1" {
		flag += strings.TrimSuffix(net.JoinHostPort(a.Hosts[0], ""), ":") + ":"
	}
	return otherPort(err, at.Port, flag)
}

// otherPort returns the advice to take another port, where that would do. The flag ends where
// the port begins.
func otherPort(err error, port int, flag string) string {
	switch {
	case errno.Is(err, syscall.EADDRINUSE):
		return fmt.Sprintf("; port %d is taken, take another: --%s%d", port, flag, another(port))
	case errors.Is(err, syscall.EACCES):
		return fmt.Sprintf("; ports below 1024 are for root: --%s%d", flag, another(port))
	}
	return ""
}

// another returns a nearby port that any user may listen on.
func another(port int) int {
	switch {
	case port < 1024:
		return 8000 + port%1000
	case port == 65535:
		return port - 1
	}
	return port + 1
}

// withoutPort returns advice for an address that was not found because it contains a
// port.
func withoutPort(address string) string {
	host, port, err := net.SplitHostPort(address)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		return ""
	}
	return fmt.Sprintf("; an address has no port: --address=%s --port=%s", host, port)
}
