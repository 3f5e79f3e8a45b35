package systemd

import (
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// sendPatience limits how long a manager that does not read may hold us up.
const sendPatience = time.Second

// Listens reports whether the manager wants to know the state of the service.
func (s *Service) Listens() bool { return s != nil && (s.socket != "" || s.relay != nil) }

// Pass tells the manager what another process of the service has to tell it. A failure is that
// process's, whose next words may come through.
func (s *Service) Pass(text string) { s.send(text) }

// Ready tells that the service serves, after a start or a reload. status is one line for
// whoever asks (systemctl status).
func (s *Service) Ready(status string) error {
	return s.send(daemon.SdNotifyReady, "STATUS="+status)
}

// Reloading tells that the service reads its settings again. The time of that is in the same
// datagram, as Type=notify-reload needs it: the manager compares it with that of its signal.
// Ready must follow.
func (s *Service) Reloading() error {
	return s.send(daemon.SdNotifyReloading, strings.TrimSuffix(daemon.SdNotifyMonotonicUsec(), "\n"))
}

// Stopping tells that the service ends, which may take as long as limit: the manager kills it
// after that, not after its own TimeoutStopSec= if this is shorter.
func (s *Service) Stopping(limit time.Duration, status string) error {
	return s.send(daemon.SdNotifyStopping, fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", limit.Microseconds()), "STATUS="+status)
}

// send sends the lines of one datagram.
func (s *Service) send(lines ...string) error {
	if !s.Listens() {
		return nil
	}
	if s.relay != nil {
		return s.relay(strings.Join(lines, "\n"))
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("the service manager cannot be told: %w", err)
	}
	defer c.Close()
	c.SetWriteDeadline(time.Now().Add(sendPatience))
	if _, err := c.Write([]byte(strings.Join(lines, "\n"))); err != nil {
		return fmt.Errorf("the service manager cannot be told: %w", err)
	}
	return nil
}
