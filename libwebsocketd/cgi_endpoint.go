package libwebsocketd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// cgiEndpoint is an HTTP request and its answer as the client's side of a
// conversation: the body is received, the script's output is sent.
type cgiEndpoint struct {
	w      http.ResponseWriter
	r      *http.Request
	rc     *http.ResponseController
	body   io.Reader
	ctx    context.Context
	cancel context.CancelCauseFunc
	stop   func() bool

	buf   []byte
	batch [1]Message
	read  atomic.Bool // the body is over

	head    []byte // the header as far as it has come
	started bool   // the answer's header is sent
	failed  error  // why there was no proper answer
	once    sync.Once
}

// maxCGIHeader bounds what a script may say before its answer begins.
const maxCGIHeader = 64 << 10

// newCGIEndpoint ends with the request, and with the server's ctx.
func newCGIEndpoint(ctx context.Context, w http.ResponseWriter, r *http.Request, body io.Reader) *cgiEndpoint {
	c := &cgiEndpoint{w: w, r: r, rc: http.NewResponseController(w), body: body, buf: make([]byte, chunkSize/2)}
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	c.rc.EnableFullDuplex() // HTTP/1; others are
	c.read.Store(r.ContentLength == 0 || body != io.Reader(r.Body))
	c.stop = context.AfterFunc(r.Context(), func() { c.cancel(&ClosedError{Code: closeAbnormal}) })
	return c
}

// Context is done when the client is gone or the server is going away.
func (c *cgiEndpoint) Context() context.Context { return c.ctx }

// Receive reads the body. io.EOF is its end: the script's input ends then too.
func (c *cgiEndpoint) Receive() ([]Message, error) {
	for {
		n, err := c.body.Read(c.buf)
		if err == io.EOF {
			c.read.Store(true)
		}
		if n > 0 {
			c.batch[0] = Message{Kind: Binary, Data: c.buf[:n]}
			return c.batch[:], nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// Send passes output on at once: a script may well take its time for the rest.
func (c *cgiEndpoint) Send(batch []Message) error {
	for _, m := range batch {
		if err := c.write(m.Data); err != nil {
			if c.failed == nil {
				c.cancel(&ClosedError{Code: closeAbnormal})
			}
			return err
		}
	}
	if !c.started {
		return nil
	}
	return c.rc.Flush()
}

func (c *cgiEndpoint) write(data []byte) error {
	switch {
	case c.failed != nil:
		return c.failed
	case c.started:
		return c.pass(data)
	}
	c.head = append(c.head, data...)
	end := headerEnd(c.head)
	if end < 0 {
		if len(c.head) > maxCGIHeader {
			c.failed = fmt.Errorf("the script's header is longer than %d bytes", maxCGIHeader)
		}
		return c.failed
	}
	status, header, err := parseCGIHeader(c.head[:end])
	if err != nil {
		c.failed = err
		return err
	}
	for name, values := range header {
		c.w.Header()[name] = values
	}
	c.keepOrNot()
	c.w.WriteHeader(status)
	c.started = true
	rest := c.head[end:]
	c.head = nil
	return c.pass(rest)
}

// pass writes some of the answer's body. An answer that can have none (204, 304)
// is no fault of the client's.
func (c *cgiEndpoint) pass(data []byte) error {
	if _, err := c.w.Write(data); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		return err
	}
	return nil
}

// CloseSend ends the answer. A script that gave none is a 500, and a body nobody
// reads any more is not waited for.
func (c *cgiEndpoint) CloseSend(cause error) error {
	if !c.started {
		if c.failed == nil {
			c.failed = errors.New("the script ended without a header")
		}
		c.keepOrNot()
		http.Error(c.w, "500 Internal Server Error: the script gave no proper answer; the log says why", http.StatusInternalServerError)
	}
	c.rc.Flush()
	return c.Close()
}

// keepOrNot tells an HTTP/1 client that its connection is not used again when
// some of the body may be left on it.
func (c *cgiEndpoint) keepOrNot() {
	if !c.read.Load() && c.r.ProtoMajor == 1 {
		c.w.Header().Set("Connection", "close")
	}
}

// linger lets net/http take what is left of the body off the connection, so that
// closing it does not destroy the answer.
func (c *cgiEndpoint) linger() {
	if !c.read.Load() {
		c.rc.SetReadDeadline(time.Now().Add(time.Second))
	}
}

// Close unblocks Receive. A connection whose body was not read to its end
// cannot be used again.
func (c *cgiEndpoint) Close() error {
	c.once.Do(func() {
		c.stop()
		c.cancel(nil)
		if !c.read.Load() {
			c.rc.SetReadDeadline(time.Unix(1, 0))
		}
	})
	return nil
}

// headerEnd is where the body begins, behind the first empty line; -1 if it has
// not come yet. Lines end with LF or CR LF (RFC 3875 section 6.3).
func headerEnd(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return -1
		}
		line := b[at : at+i]
		at += i + 1
		if len(line) == 0 || len(line) == 1 && line[0] == '\r' {
			return at
		}
	}
}

// parseCGIHeader reads a script's header, the empty line included. The status
// is that of Status, else 302 with a Location, else 200 with a Content-Type; a
// header with none of the three is no answer (RFC 3875 section 6.2).
func parseCGIHeader(b []byte) (status int, header http.Header, err error) {
	header = make(http.Header)
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		if !ok || !isToken(name) || strings.ContainsFunc(value, isControl) {
			return 0, nil, fmt.Errorf("the script's header has the line %s", printable(line))
		}
		if !strings.EqualFold(name, "Status") {
			header.Add(name, value)
			continue
		}
		code, _, _ := strings.Cut(value, " ")
		if status, err = strconv.Atoi(code); err != nil || len(code) != 3 || status < 200 {
			return 0, nil, fmt.Errorf("the script's Status is %s", printable(value))
		}
	}
	switch {
	case status != 0:
	case header.Get("Location") != "":
		status = http.StatusFound
	case header.Get("Content-Type") != "":
		status = http.StatusOK
	default:
		return 0, nil, errors.New("the script's header has no Content-Type")
	}
	return status, header, nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// isToken reports whether s is a token, as a header's name is, and so ASCII (RFC
// 9110 section 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}
