package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// patientConn is a connection of which every read and write may take as long as
// patience lasts, so that it never fails while data moves. A deadline that is set
// replaces patience.
type patientConn struct {
	net.Conn
	patience    atomic.Int64              // a time.Duration
	message     *clock                    // of one message, which pings do not extend; nil: of each read
	read, write atomic.Pointer[time.Time] // deadlines that were set
}

func newPatientConn(t T, c net.Conn) *patientConn {
	p := &patientConn{Conn: c}
	p.patience.Store(int64(Patience(t)))
	return p
}

func (c *patientConn) Read(p []byte) (n int, err error) {
	own := newClock()
	now := &own
	if c.message != nil {
		now = c.message
	}
	err = c.wait(now, &c.read, c.Conn.SetReadDeadline, func() (bool, error) {
		n, err = c.Conn.Read(p)
		return n > 0, err
	})
	return n, err
}

func (c *patientConn) Write(p []byte) (n int, err error) {
	now := newClock()
	err = c.wait(&now, &c.write, c.Conn.SetWriteDeadline, func() (bool, error) {
		more, err := c.Conn.Write(p[n:])
		n += more
		return more > 0, err
	})
	return n, err
}

// wait calls step again after its time-outs, until patience is over on the clock. A
// step that moves some data resets the clock.
func (c *patientConn) wait(now *clock, own *atomic.Pointer[time.Time], setDeadline func(time.Time) error, step func() (moved bool, err error)) error {
	for {
		if deadline := own.Load(); deadline != nil {
			setDeadline(*deadline)
			_, err := step()
			return err
		}
		if limit := time.Duration(c.patience.Load()); now.tick() > limit {
			return fmt.Errorf("nothing has moved for %v: %w", limit, os.ErrDeadlineExceeded)
		}
		setDeadline(time.Now().Add(longestTick))
		moved, err := step()
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		if moved {
			*now = newClock()
		}
	}
}

func (c *patientConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *patientConn) SetReadDeadline(t time.Time) error {
	c.read.Store(&t)
	return c.Conn.SetReadDeadline(t)
}

func (c *patientConn) SetWriteDeadline(t time.Time) error {
	c.write.Store(&t)
	return c.Conn.SetWriteDeadline(t)
}

// patientAgain removes the deadlines.
func (c *patientConn) patientAgain() {
	c.read.Store(nil)
	c.write.Store(nil)
}

// CloseWrite sends FIN.
func (c *patientConn) CloseWrite() error {
	return c.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

// HTTPClient returns a client with patience for every read and write, not for the
// whole answer. Its connections are closed when t ends.
func HTTPClient(t T) *http.Client {
	transport := &http.Transport{DisableCompression: true, DialContext: DialContext(t)}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// DialContext returns a dialer whose connections have patience, so that a client
// needs no time-out of its own.
func DialContext(t T) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return newPatientConn(t, c), nil
	}
}
