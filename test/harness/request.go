package harness

import (
	"fmt"
	"strconv"
	"strings"
)

// Request is a request as it is sent: nothing is checked or corrected.
type Request struct {
	Method, Target, Proto string
	Lines                 []string // header lines without their line ends
	Body                  string
}

// Key is the sample key of RFC 6455 1.3, and AcceptKey its answer.
const (
	Key       = "dGhlIHNhbXBsZSBub25jZQ=="
	AcceptKey = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// Get returns a plain GET of target.
func Get(target string) Request {
	return Request{Method: "GET", Target: target, Proto: "HTTP/1.1", Lines: []string{"Host: localhost"}}
}

// Post returns a plain POST of a body to target.
func Post(target, body string) Request {
	r := Get(target).As("POST", "HTTP/1.1").Add("Content-Length", strconv.Itoa(len(body)))
	r.Body = body
	return r
}

// Handshake returns a proper opening handshake for target.
func Handshake(target string) Request {
	return Get(target).
		Add("Upgrade", "websocket").
		Add("Connection", "Upgrade").
		Add("Sec-WebSocket-Key", Key).
		Add("Sec-WebSocket-Version", "13")
}

// Add returns r with one more header line.
func (r Request) Add(name, value string) Request {
	r.Lines = append(r.Lines[:len(r.Lines):len(r.Lines)], name+": "+value)
	return r
}

// Without returns r without any header called name.
func (r Request) Without(name string) Request {
	var kept []string
	for _, line := range r.Lines {
		if n, _, _ := strings.Cut(line, ":"); !strings.EqualFold(n, name) {
			kept = append(kept, line)
		}
	}
	r.Lines = kept
	return r
}

// With returns r with value in place of every header called name.
func (r Request) With(name, value string) Request { return r.Without(name).Add(name, value) }

// Host returns r with another Host header.
func (r Request) Host(host string) Request { return r.With("Host", host) }

// Origin returns r with an Origin header, or r itself for "".
func (r Request) Origin(origin string) Request {
	if origin == "" {
		return r
	}
	return r.With("Origin", origin)
}

// As returns r with another method and protocol version.
func (r Request) As(method, proto string) Request {
	r.Method, r.Proto = method, proto
	return r
}

// String returns the request on the wire.
func (r Request) String() string {
	return fmt.Sprintf("%s %s %s\r\n%s\r\n\r\n%s", r.Method, r.Target, r.Proto, strings.Join(r.Lines, "\r\n"), r.Body)
}
