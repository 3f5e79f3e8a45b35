package ctl

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Address is where a management listener is asked: at a unix socket, or at a URL.
type Address struct {
	Socket string // its path; "" is none
	URL    string // http or https, without a slash at the end
	Token  string // that the URL has named behind #token=; "" is none
}

// unixPrefix begins the text of an Address that is a socket.
const unixPrefix = "unix:"

var errAddress = errors.New("must be a port, HOST:PORT, unix:PATH or http://HOST:PORT, like 127.0.0.1:9615")

// ParseAddress reads what --admin of a server takes, and URLs.
func ParseAddress(text string) (Address, error) {
	if path, ok := strings.CutPrefix(text, unixPrefix); ok {
		if path == "" {
			return Address{}, errors.New("has no path: write unix:PATH")
		}
		return Address{Socket: path}, nil
	}
	switch {
	case strings.Contains(text, "://"):
		return parseURL(text)
	case strings.HasPrefix(text, "/"), strings.HasPrefix(text, "."):
		return Address{}, errors.New("is a path: write unix:" + text)
	}
	host, port := "", text
	if strings.Contains(text, ":") {
		var err error
		if host, port, err = net.SplitHostPort(text); err != nil {
			return Address{}, errAddress
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strings.ContainsAny(host, "/*@ ?#") {
		return Address{}, errAddress
	}
	return Address{URL: "http://" + net.JoinHostPort(reachable(host), port)}, nil
}

// reachable returns a host by which this machine is reached where a server listens on all of
// its addresses.
func reachable(host string) string {
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return "localhost"
	}
	return host
}

// parseURL reads a URL, as the server prints it.
func parseURL(text string) (Address, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return Address{}, errAddress
	case u.Scheme != "http" && u.Scheme != "https":
		return Address{}, errors.New("must begin with http:// or https:// where it is a URL")
	case u.Host == "", u.User != nil, u.RawQuery != "":
		return Address{}, errAddress
	}
	a := Address{URL: u.Scheme + "://" + u.Host + strings.TrimRight(u.EscapedPath(), "/")}
	if u.Fragment != "" {
		token, ok := strings.CutPrefix(u.Fragment, "token=")
		if !ok || CheckToken(token) != nil {
			return Address{}, errors.New("has something behind # that is no token: write #token=TOKEN, or nothing")
		}
		a.Token = token
	}
	return a, nil
}

// CheckToken returns an error if a text is no token that a request can show. It has nothing of
// the text.
func CheckToken(text string) error {
	if text == "" || strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' || c == ',' }) {
		return errors.New("must be one token: printable ASCII without blanks and commas")
	}
	return nil
}

// String returns the address for people. It does not have the token.
func (a Address) String() string {
	if a.Socket != "" {
		return unixPrefix + a.Socket
	}
	return a.URL
}
