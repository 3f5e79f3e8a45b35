package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"websocketd/libwebsocketd/listen"
	"websocketd/libwebsocketd/logging"
)

const (
	headerWait = 10 * time.Second  // for the headers of a request
	idleWait   = 120 * time.Second // for the next request on a connection
	closeWait  = time.Second       // for answers that are being written at the end

	// mostHeader is how long headers may be: 32 KiB, of which net/http adds 4 itself.
	mostHeader = 28 << 10
)

// newServer returns the server of all listeners.
func (c *Control) newServer() *http.Server {
	return &http.Server{
		Handler:                      c,
		ReadHeaderTimeout:            headerWait,
		IdleTimeout:                  idleWait,
		MaxHeaderBytes:               mostHeader,
		ErrorLog:                     c.ErrorLog,
		DisableGeneralOptionsHandler: true,
	}
}

// Serve accepts connections on every listener until Close, and closes the listeners. It
// returns nil after Close, else the first listener's error.
func (c *Control) Serve(listeners ...net.Listener) error {
	results := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { results <- c.http.Serve(c.guarding(l)) }()
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

// Close closes every client of the hub with 1001, then the listeners, and returns when nothing
// of all that remains.
func (c *Control) Close() {
	c.stop()
	c.running.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	if c.http.Shutdown(ctx) != nil {
		c.http.Close()
	}
}

// guarding returns a listener that lets in whom the Control lets in.
func (c *Control) guarding(l net.Listener) net.Listener {
	if l.Addr().Network() == "unix" {
		return ownerListener{l, c}
	}
	return l
}

// ownerListener lets in processes of the server's own user, and root's. The mode of the
// socket's file does the same; this is for a socket without a file, and for a file whose mode
// somebody has changed.
type ownerListener struct {
	net.Listener
	control *Control
}

// Accept implements net.Listener.
func (l ownerListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		uid, known := listen.PeerUser(conn)
		if !known || uid == 0 || uid == os.Geteuid() {
			return conn, nil
		}
		conn.Close()
		logging.At(l.control.Log, logging.LevelError, category, fmt.Sprintf("refused on the socket %s: user %d, who is neither this server's nor root", l.Addr(), uid))
	}
}
