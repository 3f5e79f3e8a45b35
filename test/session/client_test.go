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

	"websocketd/test/harness"
)

// giveUp is how long a client waits for anything to come. Pings and lines come more
// often. On a busy machine it may give up too early, which loses nothing; it doubles the
// time then, until messages come.
const giveUp = 500 * time.Millisecond

// client reads the output of one process over many connections, and demands that
// nothing of it is lost, comes twice or in another order.
type client struct {
	http   *http.Client
	host   string // host:port of the server, or of a proxy before it
	id     string // of the session; "" if the process is shared
	secret string // of the session
	epoch  string // of the numbers, once it is known

	patience time.Duration           // until a connection is given up over which nothing comes
	clock    *time.Timer             // gives up the connection
	received func(last uint64) error // is called with each message

	acks      bool   // the server is to know where the client is, by its pongs
	asked     uint64 // the number of the last ping of this connection
	confirmed uint64 // up to here the server knows for sure what has come
	repeats   uint64 // messages that came again

	begun       bool   // a message has come over this connection
	before      uint64 // number of the last one, or where the client is
	last        uint64 // number of the last message of all
	pid         int    // of the process
	ending      *ending
	connections int
}

// ending is how the process ended.
type ending struct {
	Code   int
	Reason string
}

// exit3 is the ending of all programs here.
var exit3 = ending{4003, "exit status 3"}

// reader reads over one connection, or a series of requests, until it is cut off or
// the process has ended.
type reader func(ctx context.Context, c *client) error

// wrong is an error that is not the network's.
type wrong struct{ error }

// refused is the answer that is not what was asked for.
type refused struct {
	status int
	body   string
}

func (r *refused) Error() string { return fmt.Sprint(r.status, " ", r.body) }

func wrongf(format string, args ...any) error { return wrong{fmt.Errorf(format, args...)} }

func (w wrong) Unwrap() error { return w.error }

// errLeft is for a client that leaves a connection though it is not cut.
var errLeft = errors.New("left")

// newClient returns a client that talks to address.
func newClient(t *testing.T, address string) *client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{
		http: &http.Client{Transport: transport}, host: address,
		received: func(uint64) error { return nil },
	}
}

// through puts a proxy between the client and the server.
func (c *client) through(t *testing.T) *harness.Proxy {
	t.Helper()
	proxy := harness.NewProxy(t, c.host)
	c.host = proxy.Addr
	return proxy
}

// mostInVain is after how many connections without a message a client complains.
const mostInVain = 50

// readAll reads to the end of the process, over each connection by any of readers.
func (c *client) readAll(t *testing.T, random *rand.Rand, readers ...reader) error {
	t.Helper()
	for inVain := 0; c.ending == nil; inVain++ {
		before := c.last
		c.patience = giveUp << min(inVain, 6)
		err := c.connect(t, readers[random.IntN(len(readers))])
		switch {
		case errors.As(err, new(wrong)):
			return fmt.Errorf("connection %d, after message %d: %w", c.connections, c.last, err)
		case c.last > before:
			inVain = -1
		case inVain == mostInVain:
			return fmt.Errorf("connection %d: nothing after message %d, and no end: %w", c.connections, c.last, err)
		}
	}
	return nil
}

// connect reads over one connection, until nothing moves.
func (c *client) connect(t *testing.T, read reader) error {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.clock = time.AfterFunc(c.patience, cancel)
	defer c.clock.Stop()
	c.connections++
	c.asked, c.begun, c.before = 0, false, c.last
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
	case c.pid != 0 && c.pid != pid:
		return wrongf("message %d of process %d, not %d", number, pid, c.pid)
	}
	c.pid = pid
	if err := c.follow(number); err != nil {
		return err
	}
	return c.received(c.last)
}

// follow checks that message number is the next one, or the first of a connection that
// repeats what is not confirmed.
func (c *client) follow(number uint64) error {
	switch repeats := c.acks && !c.begun && c.confirmed < number && number <= c.last; {
	case repeats:
		c.repeats += c.last - number + 1
	case number != c.before+1:
		return wrongf("message %d after %d; %d are confirmed", number, c.before, c.confirmed)
	}
	c.begun, c.before, c.last = true, number, max(c.last, number)
	return nil
}

// pinged takes the payload of a ping that the client answers. The server sends one with
// output when the pong of the one before has come, if there is no keep-alive.
func (c *client) pinged(payload []byte) {
	c.moved()
	c.confirmed = max(c.confirmed, c.asked)
	if n, err := strconv.ParseUint(string(payload), 10, 64); err == nil {
		c.asked = n
	}
}

// position returns where the client is, as after= has it.
func (c *client) position() string {
	switch {
	case c.acks:
		return "ack"
	case c.epoch == "":
		return strconv.FormatUint(c.last, 10)
	}
	return c.epoch + ":" + strconv.FormatUint(c.last, 10)
}

// address returns the program's URL with a query.
func (c *client) address(query url.Values) string {
	if c.id != "" {
		query.Set("session", c.id)
	}
	return "http://" + c.host + "/?" + query.Encode()
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
	return wrong{&refused{resp.StatusCode, string(text)}}
}

// say sends the program a message.
func (c *client) say(ctx context.Context, message string) error {
	resp, err := c.do(ctx, "POST", url.Values{}, message, http.StatusNoContent, "*/*")
	if err == nil {
		resp.Body.Close()
	}
	return err
}
