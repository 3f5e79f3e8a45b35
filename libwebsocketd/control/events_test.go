package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/manager"
)

// line is a client of /ws that needs no socket. It takes everything at once, unless it is held.
type line struct {
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu   sync.Mutex
	held chan struct{} // Deliver waits until it is closed; nil: it does not wait
	got  []said
	end  error // what CloseSend was called with
}

// said is a message to a client.
type said struct {
	Type string
	ID   any
	Data map[string]any
}

// wired returns a Control, and what connects clients to it and hangs up at the end of the test.
func wired(t *testing.T) (c *Control, join func() (*line, *hub.Client)) {
	c = New(Options{})
	var serving sync.WaitGroup
	var all []*line
	t.Cleanup(func() {
		for _, l := range all {
			l.cancel(io.EOF)
		}
		serving.Wait()
		c.Close()
	})
	return c, func() (*line, *hub.Client) {
		l := &line{}
		l.ctx, l.cancel = context.WithCancelCause(context.Background())
		all = append(all, l)
		serving.Go(func() {
			if err := c.hub.Serve(l, hub.Identity{}, "fake"); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		clients := c.hub.Clients()
		return l, slices.MaxFunc(clients, func(a, b *hub.Client) int { return int(a.ID) - int(b.ID) })
	}
}

// take returns what has come, and forgets it.
func (l *line) take() []said {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	got := l.got
	l.got = nil
	return got
}

// Receive implements bridge.Endpoint: the client says nothing until it is gone.
func (l *line) Receive() ([]bridge.Message, error) {
	<-l.ctx.Done()
	return nil, io.ErrUnexpectedEOF
}

// Deliver implements bridge.Listener.
func (l *line) Deliver(deliveries []bridge.Delivery) error {
	l.mu.Lock()
	held := l.held
	l.mu.Unlock()
	if held != nil {
		<-held
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range deliveries {
		var m said
		if err := json.Unmarshal([]byte(d.Note.Said), &m); err != nil {
			return err
		}
		l.got = append(l.got, m)
	}
	return nil
}

// Send implements bridge.Endpoint.
func (l *line) Send([]bridge.Message) error { return errors.ErrUnsupported }

// CloseSend implements bridge.Endpoint.
func (l *line) CloseSend(cause error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end = cause
	l.cancel(cause)
	return nil
}

// Close implements bridge.Endpoint.
func (l *line) Close() error { return nil }

// Context implements bridge.Endpoint.
func (l *line) Context() context.Context { return l.ctx }

// BytesAcked implements bridge.Listener.
func (l *line) BytesAcked() (int64, bool) { return 0, false }

// TestIntervals: figures come at once and then at the interval that was asked for, 100 ms at
// least; there is one ticker for each interval, and none for nobody.
func TestIntervals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, join := wired(t)
		var lines []*line
		var clients []*hub.Client
		for _, interval := range []string{"200", "200", "1", "-5", "100.9", "null", "1e300"} {
			l, client := join()
			c.events.obey(client, fmt.Appendf(nil, `{"type":"subscribe","data":{"events":["system_metrics"],"interval":%s}}`, interval))
			lines, clients = append(lines, l), append(clients, client)
		}
		if len(c.events.pulses) != 4 {
			t.Errorf("%d tickers", len(c.events.pulses))
		}
		time.Sleep(2*time.Second + time.Millisecond)
		for i, want := range []int{11, 11, 21, 21, 21, 3, 1} {
			if got := lines[i].take(); len(got) != want || got[0].Type != "system_metrics" {
				t.Errorf("client %d got %d messages, want %d", i, len(got), want)
			}
		}
		for _, client := range clients {
			c.events.obey(client, []byte(`{"type":"unsubscribe","data":{"events":["system_metrics"]}}`))
		}
		if len(c.events.pulses) != 0 || len(c.events.listeners) != 0 {
			t.Errorf("%d tickers, %d subscriptions", len(c.events.pulses), len(c.events.listeners))
		}
		time.Sleep(2 * time.Second)
		if got := lines[0].take(); len(got) != 0 {
			t.Errorf("%v comes to who wants nothing", got)
		}
	})
}

// TestSlowListener: who takes nothing is closed with 1013, and holds up nobody; the others get
// every line in order.
func TestSlowListener(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, join := wired(t)
		slow, first := join()
		quick, second := join()
		for _, client := range []*hub.Client{first, second} {
			c.events.obey(client, []byte(`{"type":"subscribe","data":{"events":["log_message"]}}`))
		}
		slow.held = make(chan struct{})
		const lines = 8000
		for n := range lines {
			c.events.hear(manager.Event{Info: manager.Info{Program: "p"}, Lines: &manager.Lines{Stream: manager.Stdout, Text: []string{fmt.Sprintf("%1000d", n)}}})
			if n%100 == 0 {
				synctest.Wait()
			}
		}
		got := quick.take()
		if len(got) != lines {
			t.Fatalf("%d lines", len(got))
		}
		for n, m := range got {
			if m.Data["message"] != fmt.Sprintf("%1000d", n) {
				t.Fatalf("line %d is %v", n, m.Data)
			}
		}
		close(slow.held)
		synctest.Wait()
		late := slow.take()
		if len(late) == 0 || len(late) >= lines || slow.end != nil {
			t.Fatalf("the slow one has %d lines, closed with %v", len(late), slow.end)
		}
		c.events.hear(manager.Event{Info: manager.Info{Program: "p"}, Lines: &manager.Lines{Stream: manager.Stdout, Text: []string{"more"}}})
		synctest.Wait()
		after := slow.take()
		told := fmt.Sprintf("[websocketd: %d lines were left out: they came faster than they were read]", lines-len(late))
		if len(after) != 2 || after[0].Data["message"] != told || after[1].Data["message"] != "more" {
			t.Errorf("it is told %v", after)
		}
		slow.held = make(chan struct{})
		c.events.obey(first, []byte(`{"type":"subscribe","data":{"events":["process_event"]}}`))
		for range 20_000 { // what it may not miss
			c.events.hear(manager.Event{Info: manager.Info{Program: "p"}, Event: &manager.Lifecycle{Name: manager.EventCrashed, Details: strings.Repeat("x", 1000)}})
		}
		close(slow.held)
		synctest.Wait()
		if end := new(bridge.CloseWith); !errors.As(slow.end, &end) || end.Code != bridge.CloseTryAgainLater {
			t.Errorf("closed with %v", slow.end)
		}
		if len(c.events.listeners) != 1 {
			t.Errorf("%d subscriptions", len(c.events.listeners))
		}
	})
}
