package upgrade

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	goclient "websocketd/client"
	"websocketd/test/harness"
)

// ear demands that nothing of a process is lost, comes twice, in another order or of another process,
// and that it has heard everything that it was sent once and in order.
type ear struct {
	stream, tagged bool   // how its messages come
	rest           string // of a stream
	last           uint64 // number of the last message of the server
	pid            int
	said, errors   int          // numbers of the last messages of the process, by stream
	heard          atomic.Int64 // number of the last message that the process has heard
	over           bool         // it was the last
}

// take takes a message of the server.
func (e *ear) take(m goclient.Message) error {
	if e.last++; m.Number != e.last && m.Number != 0 { // lifetime connection counts nothing
		return fmt.Errorf("message %d after %d", m.Number, e.last-1)
	}
	text := string(m.Data)
	switch {
	case e.stream:
		text = e.rest + text
		for {
			line, rest, whole := strings.Cut(text, "\n")
			if !whole {
				e.rest = text
				return nil
			}
			if err := e.line(line, &e.said); err != nil {
				return err
			}
			text = rest
		}
	case e.tagged:
		var line struct{ Stream, Data string }
		if err := json.Unmarshal(m.Data, &line); err != nil {
			return fmt.Errorf("%w in %.80q", err, m.Data)
		}
		if line.Stream == "stderr" {
			return e.line(line.Data, &e.errors)
		}
		text = line.Data
	}
	if json.Valid(m.Data) {
		json.Unmarshal(m.Data, &text) // framing ndjson
	}
	return e.line(text, &e.said)
}

// line takes what the process has said.
func (e *ear) line(text string, last *int) error {
	word := strings.SplitN(text, " ", 4)
	number, _ := strconv.Atoi(word[0])
	if len(word) < 3 || number != *last+1 {
		return fmt.Errorf("%.80q after line %d", text, *last)
	}
	pid, _ := strconv.Atoi(word[1])
	if *last = number; e.pid != 0 && pid != e.pid {
		return fmt.Errorf("%.80q is not of process %d", text, e.pid)
	}
	e.pid = pid
	switch {
	case word[2] == "last":
		e.over = true
	case word[2] == "heard" && last == &e.said:
		if n, _ := strconv.ParseInt(word[3], 10, 64); !e.heard.CompareAndSwap(n-1, n) {
			return fmt.Errorf("the process has heard message %d after %d", n, e.heard.Load())
		}
	}
	return nil
}

// talk is a conversation of a client of package client with a process of child talk.
type talk struct {
	ear
	framing string
	conn    *goclient.Conn
	window  chan bool // a place for each message that is sent and not heard
	sent    int64
	asked   chan bool // closed when the conversation is to end
	begun   chan bool // closed when both have heard each other

	opened int           // connections
	gap    time.Duration // the longest time between two messages that came
}

// newTalk connects to a program.
func newTalk(t *testing.T, url, framing string, o goclient.Options) *talk {
	t.Helper()
	c := &talk{framing: framing, window: make(chan bool, 50), asked: make(chan bool), begun: make(chan bool)}
	c.stream, c.tagged = framing == "raw" || framing == "bytes", framing == "tagged"
	o.FirstDelay, o.MostDelay, o.Queue = 5*time.Millisecond, 100*time.Millisecond, 1<<20
	o.Opened = func(goclient.Opened) { c.opened++ }
	o.Missed = func(m goclient.Missed) { t.Errorf("%s: %v", url, m) }
	var err error
	if c.conn, err = goclient.Dial(harness.Context(t), url, &o); err != nil {
		t.Fatal(err)
	}
	return c
}

// run talks until it is asked to end, and the process has ended.
func (c *talk) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sent := make(chan error, 1)
	go func() { sent <- c.sendAll(ctx) }()
	err := c.hearAll(ctx)
	c.conn.Close()
	if err != nil {
		cancel()
	}
	if sending := <-sent; err == nil {
		err = sending
	}
	if err != nil {
		return fmt.Errorf("after message %d, line %d, %d of %d heard: %w", c.last, c.said, c.heard.Load(), c.sent, err)
	}
	if heard := c.heard.Load(); heard != c.sent || !c.over {
		return fmt.Errorf("the process has heard %d of %d messages; it has said its last line: %t", heard, c.sent, c.over)
	}
	return nil
}

// sendAll sends messages, as many as the window has room for, and in the end that which ends the process.
func (c *talk) sendAll(ctx context.Context) error {
	for {
		select {
		case <-c.asked:
			return c.send(ctx, "end")
		case c.window <- true:
			c.sent++
			if err := c.send(ctx, fmt.Sprint(c.sent)); err != nil {
				return fmt.Errorf("message %d was not sent: %w", c.sent, err)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *talk) send(ctx context.Context, text string) error {
	m := goclient.Message{Kind: goclient.Text, Data: []byte(text)}
	switch c.framing {
	case "ndjson":
		m.Data = strconv.AppendQuote(nil, text)
	case "length":
		m.Kind = goclient.Binary
	case "raw", "bytes":
		m.Kind, m.Data = goclient.Binary, []byte(text+"\n")
	}
	return c.conn.Write(ctx, m)
}

// hearAll hears the process to its end.
func (c *talk) hearAll(ctx context.Context) error {
	last, heard := time.Now(), int64(0)
	for m, err := range c.conn.Messages(ctx) {
		if ending := new(goclient.Ending); errors.As(err, &ending) {
			if ending.ExitStatus() != 3 {
				return err
			}
			return nil
		}
		if err == nil {
			err = c.take(m)
		}
		if err != nil {
			return err
		}
		if c.opened > 0 {
			c.gap = max(c.gap, time.Since(last))
		}
		last = time.Now()
		for ; heard < c.heard.Load(); heard++ {
			if <-c.window; heard == 0 {
				close(c.begun)
			}
		}
	}
	return ctx.Err()
}
