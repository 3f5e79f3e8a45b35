package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// giveUp is how long a client waits for anything to come. Pings and lines come more
// often. On a busy machine it may give up too early, which loses nothing; it doubles the
// time then, until messages come.
const giveUp = 500 * time.Millisecond

// client reads the output of one process over many connections, and demands that
// nothing of it is lost, comes twice or in another order.
type client struct {
	http   *http.Client
	url    string // of the program
	id     string // of the session; "" if the process is shared
	secret string // of the session
	epoch  string // of the numbers, once it is known

	patience time.Duration           // until a connection is given up over which nothing comes
	clock    *time.Timer             // gives up the connection
	received func(last uint64) error // is called with each message

	last        uint64 // number of the last message
	pid         int    // of the process
	ending      *ending
	connections int
}

// ending is how the process ended.
type ending struct {
	Code   int
	Reason string
}

// reader reads over one connection, or a series of requests, until it is cut off or
// the process has ended.
type reader func(ctx context.Context, c *client) error

// wrong is an error that is not the network's.
type wrong struct{ error }

func wrongf(format string, args ...any) error { return wrong{fmt.Errorf(format, args...)} }

// errLeft is for a client that leaves a connection though it is not cut.
var errLeft = errors.New("left")

// newClient returns a client that talks to address.
func newClient(t *testing.T, address string) *client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{
		http: &http.Client{Transport: transport}, url: "http://" + address + "/",
		received: func(uint64) error { return nil },
	}
}

// mostInVain is after how many connections without a message a client complains.
const mostInVain = 50

// follow reads to the end of the process, over each connection by any of readers.
func (c *client) follow(t *testing.T, random *rand.Rand, readers ...reader) {
	t.Helper()
	for inVain := 0; c.ending == nil; inVain++ {
		before := c.last
		c.patience = giveUp << min(inVain, 6)
		err := c.connect(t, readers[random.IntN(len(readers))])
		switch {
		case errors.As(err, new(wrong)):
			t.Fatalf("connection %d, after message %d: %v", c.connections, c.last, err)
		case c.last > before:
			inVain = -1
		case inVain == mostInVain:
			t.Fatalf("connection %d: nothing after message %d, and no end: %v", c.connections, c.last, err)
		}
	}
}

// connect reads over one connection, until nothing moves.
func (c *client) connect(t *testing.T, read reader) error {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.clock = time.AfterFunc(c.patience, cancel)
	defer c.clock.Stop()
	c.connections++
	return read(ctx, c)
}

// moved is told that something has come.
func (c *client) moved() { c.clock.Reset(c.patience) }

// take takes a message "NUMBER PID PADDING". The server says that its number is told,
// or nothing with 0.
func (c *client) take(told uint64, data string) error {
	c.moved()
	var number uint64
	var pid int
	if _, err := fmt.Sscan(data, &number, &pid); err != nil {
		return wrongf("not a numbered line: %.80q", data)
	}
	switch {
	case told != 0 && told != number:
		return wrongf("message %d is told to be number %d", number, told)
	case number != c.last+1:
		return wrongf("message %d after %d", number, c.last)
	case c.pid != 0 && c.pid != pid:
		return wrongf("message %d of process %d, not %d", number, pid, c.pid)
	}
	c.last, c.pid = number, pid
	return c.received(number)
}

// position returns where the client is, as after= has it.
func (c *client) position() string {
	if c.epoch == "" {
		return strconv.FormatUint(c.last, 10)
	}
	return c.epoch + ":" + strconv.FormatUint(c.last, 10)
}

// address returns the program's URL with a query.
func (c *client) address(query url.Values) string {
	if c.id != "" {
		query.Set("session", c.id)
	}
	return c.url + "?" + query.Encode()
}

// header returns what a request of the client carries.
func (c *client) header() http.Header {
	h := http.Header{}
	if c.secret != "" {
		h.Set("Authorization", "Bearer "+c.secret)
	}
	return h
}

// do sends a request, and demands a status.
func (c *client) do(ctx context.Context, method string, query url.Values, body string, status int, accept string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.address(query), strings.NewReader(body))
	if err != nil {
		return nil, wrong{err}
	}
	r.Header = c.header()
	r.Header.Set("Accept", accept)
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != status {
		defer resp.Body.Close()
		return nil, refusal(resp)
	}
	return resp, nil
}

// refusal returns the error of an answer that is not what was asked for.
func refusal(resp *http.Response) error {
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return wrongf("%s: %s", resp.Status, text)
}

// say sends the program a message.
func (c *client) say(ctx context.Context, message string) error {
	resp, err := c.do(ctx, "POST", url.Values{}, message, http.StatusNoContent, "*/*")
	if err == nil {
		resp.Body.Close()
	}
	return err
}
