package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"websocketd/internal/connect"
	"websocketd/libwebsocketd"
)

// options returns what the grammar asks for. Its error names what a file lacks.
func (p *connectParser) options(address string) (o connect.Options, err error) {
	m := &p.Messages
	o.URL, o.Resume, o.EOFWait = address, p.End.Resume, time.Duration(p.End.Eofwait)
	o.Stream.Framing, o.Stream.Newlines = libwebsocketd.Framing(m.Framing), libwebsocketd.Newlines(m.Newlines)
	o.Stream.Binary, o.Stream.MaxLine = m.Binary, int(m.Maxline)
	o.Protocols, o.PingInterval, o.MaxMessage = p.Whom.Protocol, orNone(milliseconds(p.End.Pingms)), -1
	if o.Resume || o.Stream.Framing.NeedsLimit() {
		o.MaxMessage = int64(m.Maxframesize)
	}
	o.Pow, o.Params = p.Whom.Pow, p.params
	if path := p.Whom.Unixsocket; path != "" {
		o.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
	}
	if o.Header, err = p.header(); err == nil {
		o.TLS, err = p.identity()
	}
	if file := p.Whom.Tokenfile; file != "" && err == nil {
		if o.Header.Get("Authorization") != "" {
			return o, errors.New("please only specify one of --tokenfile and --header=Authorization: a request proves once who it is from")
		}
		o.Token = func(context.Context) (string, error) { return readToken(file) }
		_, err = readToken(file)
	}
	return o, err
}

// readToken returns the bearer token of a file. No error has any of it.
func readToken(file string) (string, error) {
	text, err := libwebsocketd.ReadRegular(file)
	if err != nil {
		return "", fmt.Errorf("--tokenfile=%s: %w", file, err)
	}
	token := strings.TrimSpace(string(text))
	if namesUser(token) {
		return "", fmt.Errorf("--tokenfile=%s: the file has lines as that of a server has, USER:TOKEN: the file of a client must have the token alone", file)
	}
	if token == "" || strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' || c == ',' }) {
		return "", fmt.Errorf("--tokenfile=%s: the file must have one token, and nothing else: printable ASCII without blanks and commas", file)
	}
	return token, nil
}

// namesUser reports whether the first line of a file that says something has a colon, as in
// the file of a server, and no bearer token (RFC 6750 section 2.1).
func namesUser(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return strings.Contains(line, ":")
		}
	}
	return false
}

// header returns the header of the requests.
func (p *connectParser) header() (http.Header, error) {
	var lines []string
	for _, line := range p.Whom.Header {
		file, isFile := strings.CutPrefix(line, "@")
		if !isFile {
			lines = append(lines, line)
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("--header=%s: %w", line, err)
		}
		for more := range strings.Lines(string(text)) {
			if more = strings.TrimSpace(more); checkSentHeader(more) != nil && more != "" {
				return nil, fmt.Errorf("--header=%s: a line of the file is no header: it must be NAME:VALUE", line)
			}
			lines = append(lines, more)
		}
	}
	header, err := parseHeaders(lines)
	if err != nil {
		return nil, err
	}
	if p.Whom.Origin != "" {
		header.Set("Origin", p.Whom.Origin)
	}
	if name, password, ok := strings.Cut(p.Whom.User, ":"); ok {
		r := http.Request{Header: header}
		r.SetBasicAuth(name, password)
	}
	return header, nil
}

// handshakes are the headers that a handshake has of its own.
var handshakes = []string{"Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions"}

// checkSentHeader checks a header that a client is to send.
func checkSentHeader(line string) error {
	if strings.ContainsAny(line, "\r\n\x00") {
		return errors.New("has a newline in it: give each header on its own, or a file with one a line by @FILE")
	}
	header, err := parseHeaders([]string{line})
	for name := range header {
		switch {
		case name == "Sec-Websocket-Protocol":
			return errors.New("would go beside that of --protocol: name the subprotocols there")
		case slices.Contains(handshakes, name):
			return errors.New("belongs to the handshake, which has one of its own: leave it out")
		}
	}
	return err
}

// identity returns how TLS is spoken; nil: as usual.
func (p *connectParser) identity() (*tls.Config, error) {
	t := &p.TLS
	if *t == (identityFlags{}) {
		return nil, nil
	}
	cfg := &tls.Config{InsecureSkipVerify: t.Insecure}
	if t.CA != "" {
		text, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("--ca: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--ca=%s: there is no certificate in this file; it must be PEM, with BEGIN CERTIFICATE", t.CA)
		}
	}
	if t.Cert != "" {
		own, err := tls.LoadX509KeyPair(t.Cert, cmp.Or(t.Key, t.Cert))
		if err != nil {
			return nil, fmt.Errorf("--cert=%s --key=%s: %w", t.Cert, cmp.Or(t.Key, t.Cert), err)
		}
		cfg.Certificates = []tls.Certificate{own}
	}
	return cfg, nil
}

// checkHeaderLine checks a value of --header, which may name a file.
func checkHeaderLine(text string) error {
	if strings.HasPrefix(text, "@") {
		return nil
	}
	return checkSentHeader(text)
}

// checkClaim checks an Origin as a client sends it.
func checkClaim(origin string) error {
	if !strings.Contains(origin, "://") && origin != "null" {
		return errors.New("must have a scheme, as browsers send it: https://example.com")
	}
	return nil
}

func checkUser(text string) error {
	if !strings.Contains(text, ":") {
		return errors.New("must be NAME:PASSWORD")
	}
	return nil
}

func checkCall(name string) error {
	if name == "" {
		return errors.New("is empty; it must be the name of a program")
	}
	return nil
}

func checkTokenFile(file string) error {
	if file == "" {
		return errors.New("is empty; it must be the name of a file with a token")
	}
	return nil
}
