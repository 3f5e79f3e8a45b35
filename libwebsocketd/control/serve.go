package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/listen"
	"websocketd/libwebsocketd/logging"
)

const (
	headerWait = 10 * time.Second  // for the headers of a request
	idleWait   = 120 * time.Second // for the next request on a connection
	closeWait  = time.Second       // for answers that are being written at the end, and for requests that are sent as another server goes on

	// mostHeader is how long headers may be: 32 KiB, of which net/http adds 4 itself.
	mostHeader = 28 << 10
)

// newServer returns the server of all listeners.
func (c *Control) newServer() *http.Server {
	return &http.Server{
		Handler:           c,
		ReadHeaderTimeout: headerWait,
		IdleTimeout:       idleWait,
		MaxHeaderBytes:    mostHeader,
		ErrorLog:          c.ErrorLog,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return withConn(hub.ConnContext(ctx, conn), conn)
		},
		DisableGeneralOptionsHandler: true,
	}
}

// Serve accepts connections on every listener until Close, and closes the listeners. It
// returns nil after Close, else the first listener's error.
func (c *Control) Serve(listeners ...net.Listener) error {
	results := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { results <- c.http.Serve(c.doorOf(c.brake.Listener(c.going, l, http.ErrServerClosed))) }()
	}
	var first error
	for range listeners {
		if err := <-results; !errors.Is(err, http.ErrServerClosed) && first == nil {
			first = fmt.Errorf("serve: %w", err)
			c.http.Close()
		}
	}
	return first
}

// Hold makes the listeners stand still until the function that it returns is called: gone says whether
// another server goes on with them.
func (c *Control) Hold() (release func(gone bool)) { return c.brake.Hold() }

// Close sends every client of the hub what was published, closes it with 1001, then closes the
// listeners, and returns when nothing of all that remains.
func (c *Control) Close() {
	c.stop()
	c.running.Wait()
	c.events.running.Wait()
	if c.brake.Wait(context.Background()) {
		<-time.After(closeWait)
	}
	c.tcp.closeStrangers()
	c.unix.closeStrangers()
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	if c.http.Shutdown(ctx) != nil {
		c.http.Close()
	}
}

// door is a listener that counts its connections.
type door struct {
	net.Listener
	control *Control
	conns   *conns
	isUnix  bool
}

func (c *Control) doorOf(l net.Listener) net.Listener {
	if l.Addr().Network() == "unix" {
		return door{l, c, c.unix, true}
	}
	return door{l, c, c.tcp, false}
}

// Accept implements net.Listener.
func (d door) Accept() (net.Conn, error) {
	for {
		accepted, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		a := &conn{Conn: accepted, of: d.conns}
		if d.isUnix {
			a.first = &opening{packets: d.control.servePackets}
		}
		if (!d.isUnix || d.isOwner(accepted)) && d.conns.enter(a) {
			return a, nil
		}
		accepted.Close()
	}
}

// isOwner reports whether a process of the server's own user, or of root's, has connected. The
// mode of the socket's file lets in nobody else; this is for a socket without a file, and for
// one whose mode somebody has changed.
func (d door) isOwner(accepted net.Conn) bool {
	uid, known := listen.PeerUser(accepted)
	if !known || uid == 0 || uid == os.Geteuid() {
		return true
	}
	logging.At(d.control.Log, logging.LevelError, category,
		fmt.Sprintf("refused on the socket %s: user %d, who is neither this server's nor root", d.Addr(), uid))
	return false
}
