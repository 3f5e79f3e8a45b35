package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"websocketd/libwebsocketd/ws"
)

// Lifetimes of a program.
const (
	lifetimeConnection = "connection"
	lifetimeShared     = "shared"
	lifetimeSession    = "session"
	lifetimeSupervised = "supervised"
)

// state is what a server says of a program (?state).
type state struct {
	Lifetime    string
	ID          string // of the session
	Epoch       string // "" if no process runs whose output is kept
	First, Last uint64
	Beginning   *span     // what is kept of the beginning besides; nil if there is none
	Ended       *struct{} // not nil if the process has ended

	guessed bool // the server has not said it
}

// resumes reports whether a client can come back to the process.
func (s *state) resumes() bool {
	switch s.Lifetime {
	case lifetimeShared, lifetimeSession, lifetimeSupervised:
		return true
	}
	return false
}

// isOver reports whether what is kept is of a process that has ended, and that a client
// which has not seen it does not get: it starts another one.
func (s *state) isOver(seen string) bool {
	return s.Lifetime == lifetimeShared && s.Ended != nil && s.Epoch != seen
}

// askWait bounds a question about the state, and mostDocument its answer.
const (
	askWait      = 10 * time.Second
	mostDocument = 1 << 20
)

var errNoState = fmt.Errorf("the server has not said what state the program is in within %s", askWait)

// ask asks for the program's state. A server that does not know the question has programs
// that end with their connection, or is no websocketd.
func (c *Conn) ask(ctx context.Context) (s state, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, askWait, errNoState)
	defer cancel()
	resp, err := c.request(ctx, http.MethodGet, url.Values{"state": {""}}, asJSON, nil)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode == http.StatusOK && kind == "application/json" {
		document, err := io.ReadAll(io.LimitReader(resp.Body, mostDocument))
		if err != nil {
			return s, cmp.Or(context.Cause(ctx), err)
		}
		if json.Unmarshal(document, &s) == nil && s.Lifetime != "" {
			return s, nil
		}
	}
	switch refusal := ws.ReadRefusal(resp); {
	case c.known() && refusal.Status < http.StatusBadRequest:
		return s, fmt.Errorf("something answers in place of the server: %v", refusal)
	case c.known() || isRefusal(refusal.Status):
		return s, refusal
	}
	return state{Lifetime: lifetimeConnection, guessed: true}, nil
}

// needs returns the error of a WebSocket that has no substitute, in words, if it seems that
// something between has refused it.
func (s *state) needs(err error) error {
	if !errors.As(err, new(*ws.Refusal)) || s.guessed || !isBlocked(err) {
		return err
	}
	return fmt.Errorf("%w; something between this client and the server seems to let no WebSocket through, which a program that ends with its connection needs", err)
}

// known reports whether the program is known to be one whose state can be asked for.
func (c *Conn) known() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch != "" || c.session.ID != ""
}

// isRefusal reports whether the handshake would be answered in the same way.
func isRefusal(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMisdirectedRequest, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// newSession makes a session, and returns its state.
func (c *Conn) newSession(ctx context.Context) (s state, err error) {
	resp, err := c.request(ctx, http.MethodPost, url.Values{"session": {"new"}}, asJSON, nil)
	if err != nil {
		return s, err
	}
	if resp.StatusCode != http.StatusCreated {
		return s, ws.ReadRefusal(resp)
	}
	defer resp.Body.Close()
	var made Session
	if err := json.NewDecoder(io.LimitReader(resp.Body, mostDocument)).Decode(&made); err != nil || made.ID == "" {
		return s, errors.Join(errors.New("the server has made a session, and not said which"), err)
	}
	c.mu.Lock()
	c.session, c.cookies = made, resp.Cookies()
	c.mu.Unlock()
	return c.ask(ctx)
}

// asJSON asks for a document, and for the plain sentence where it is refused.
const asJSON = "application/json;q=0.9, text/plain"

// request makes a request about the program.
func (c *Conn) request(ctx context.Context, method string, query url.Values, accept string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.address(query, "http"), body)
	if err != nil {
		return nil, err
	}
	if r.Header, err = c.header(ctx); err != nil {
		return nil, err
	}
	r.Host = r.Header.Get("Host")
	r.Header.Del("Host")
	r.Header.Set("Accept", accept)
	resp, err := c.http.Do(r)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return nil, cause
	}
	if failed := new(url.Error); errors.As(err, &failed) {
		return nil, failed.Err // without the URL, which the caller knows
	}
	return resp, err
}

// header returns what every request carries. The secret of a session is a Bearer token or,
// where the caller has another use for that header, the cookie that the session came with.
func (c *Conn) header(ctx context.Context) (http.Header, error) {
	h, err := withToken(ctx, c.o.Header, c.o.Token)
	if err != nil {
		return nil, err
	}
	r := &http.Request{Header: h}
	if password, ok := c.target.User.Password(); ok && h.Get("Authorization") == "" {
		r.SetBasicAuth(c.target.User.Username(), password)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.session.Secret == "":
	case h.Get("Authorization") == "":
		h.Set("Authorization", "Bearer "+c.session.Secret)
	default:
		for _, cookie := range c.cookies {
			r.AddCookie(cookie)
		}
	}
	return h, nil
}

// address returns the program's URL with more of a query, and with a scheme for http or ws.
func (c *Conn) address(query url.Values, scheme string) string {
	u := *c.target
	u.User, u.Fragment, u.Scheme = nil, "", scheme
	if c.secure {
		u.Scheme += "s"
	}
	if id := c.Session().ID; id != "" && !query.Has("session") {
		query.Set("session", id)
	}
	if more := query.Encode(); more != "" {
		u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+more, "&")
	}
	return u.String()
}

// position is where a client is: it has message number, and all before it.
type position struct {
	epoch  string
	number uint64
}

// String returns EPOCH:N, or N if the epoch is not known.
func (p position) String() string {
	number := strconv.FormatUint(p.number, 10)
	if p.epoch == "" {
		return number
	}
	return p.epoch + ":" + number
}

// parsePosition parses what String returns; "" is the beginning.
func parsePosition(s string) (p position, err error) {
	if s == "" {
		return p, nil
	}
	epoch, number, found := strings.Cut(s, ":")
	if p.number, err = strconv.ParseUint(number, 10, 64); err != nil || !found || epoch == "" {
		return p, fmt.Errorf("after %q: not EPOCH:NUMBER", s)
	}
	p.epoch = epoch
	return p, nil
}
