package ws

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"websocketd/libwebsocketd/internal/after"
)

// throughProxy connects to an address through an HTTP proxy, by CONNECT (RFC 9110 section
// 9.3.6).
func throughProxy(ctx context.Context, proxy *url.URL, address string) (net.Conn, error) {
	port, secure := "80", proxy.Scheme == "https"
	if secure {
		port = "443"
	}
	if !secure && proxy.Scheme != "http" {
		return nil, fmt.Errorf("proxy %s: only http and https proxies are known here", proxy.Redacted())
	}
	c, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(proxy.Hostname(), cmp.Or(proxy.Port(), port)))
	if err == nil && secure {
		c, err = encrypt(ctx, c, nil, proxy.Hostname())
	}
	if err != nil {
		return nil, fmt.Errorf("proxy %s: %w", proxy.Redacted(), err)
	}
	settle := after.Close(ctx, c)
	err = askProxy(c, proxy, address)
	settle()
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("proxy %s: %w", proxy.Redacted(), whyNot(ctx, err))
	}
	return c, nil
}

// askProxy sends CONNECT and reads the answer. Nothing may follow that: whoever was connected
// to waits for us.
func askProxy(c net.Conn, proxy *url.URL, address string) error {
	r := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if password, ok := proxy.User.Password(); ok {
		r.SetBasicAuth(proxy.User.Username(), password)
		r.Header["Proxy-Authorization"] = r.Header["Authorization"]
		delete(r.Header, "Authorization")
	}
	if err := r.Write(c); err != nil {
		return err
	}
	head := &headReader{Conn: c}
	answer, err := http.ReadResponse(bufio.NewReader(head), r)
	switch {
	case err != nil:
		return err
	case answer.StatusCode != http.StatusOK:
		return ReadRefusal(answer)
	case len(head.ahead) > 0:
		return fmt.Errorf("%d bytes follow its answer", len(head.ahead))
	}
	return nil
}

// encrypt makes the TLS handshake of a client. It closes c if that fails.
func encrypt(ctx context.Context, c net.Conn, cfg *tls.Config, host string) (net.Conn, error) {
	if cfg = cfg.Clone(); cfg == nil {
		cfg = &tls.Config{}
	}
	cfg.ServerName = cmp.Or(cfg.ServerName, host)
	cfg.NextProtos = []string{"http/1.1"}
	secure := tls.Client(c, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return secure, nil
}
