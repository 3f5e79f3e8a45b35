package mcp

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// silentLink is a link to a process that says nothing, until somebody leaves or the process ends.
type silentLink struct {
	link
	once   sync.Once
	over   chan struct{}
	cause  error
	closed bool
}

func (l *silentLink) Leave(cause error) {
	l.once.Do(func() { l.cause = cause; close(l.over) })
}

func (l *silentLink) Deliveries() ([]libwebsocketd.Delivery, error) {
	<-l.over
	return nil, l.cause
}

func (l *silentLink) Watch(func() (int64, bool)) {}
func (l *silentLink) Epoch() string              { return "" }
func (l *silentLink) After() uint64              { return 0 }
func (l *silentLink) Close() error               { l.closed = true; return nil }

// lines returns a child, and the links that it makes.
func lines() (c *child, links *[]*silentLink) {
	links = new([]*silentLink)
	return &child{
		going: context.Background(),
		attach: func(*libwebsocketd.Request) (link, *gate.Refusal) {
			*links = append(*links, &silentLink{over: make(chan struct{})})
			return (*links)[len(*links)-1], nil
		},
		lost:   func(error) {},
		health: &health{},
	}, links
}

// TestQuietLine: who asks again soon finds the line that is there, and without anybody it ends.
func TestQuietLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, links := lines()
		for range 3 {
			first, _ := c.hold(nil)
			second, _ := c.hold(nil)
			c.release(first)
			c.release(second)
			time.Sleep(lineTime - time.Millisecond)
			synctest.Wait()
			if len(*links) != 1 || (*links)[0].closed {
				t.Fatalf("%d links, the first closed: %v", len(*links), (*links)[0].closed)
			}
		}
		l, _ := c.hold(nil)
		time.Sleep(10 * lineTime)
		synctest.Wait()
		if (*links)[0].closed {
			t.Error("a line that is held has ended")
		}
		c.release(l)
		time.Sleep(lineTime)
		synctest.Wait()
		if !(*links)[0].closed || !errors.Is((*links)[0].cause, errIdle) {
			t.Errorf("the line has not ended, %v", (*links)[0].cause)
		}
		l, _ = c.hold(nil)
		c.leave(l)
		if len(*links) != 2 || !(*links)[1].closed {
			t.Errorf("%d links, and the second is there, though its listener has left", len(*links))
		}
	})
}

// TestQuietLineIsOver: when the process ends, a line that nobody holds ends with it, and one that is
// held ends with its last request.
func TestQuietLineIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, links := lines()
		gone := errors.New("gone")
		l, _ := c.hold(nil)
		c.release(l)
		(*links)[0].Leave(gone)
		synctest.Wait()
		if !(*links)[0].closed {
			t.Error("the line waits, though its process has ended")
		}
		held, _ := c.hold(nil)
		(*links)[1].Leave(gone)
		synctest.Wait()
		if len(*links) != 2 || (*links)[1].closed {
			t.Fatalf("%d links, closed: %v", len(*links), (*links)[1].closed)
		}
		next, _ := c.hold(nil)
		c.release(held)
		if len(*links) != 3 || !(*links)[1].closed || (*links)[2].closed {
			t.Errorf("%d links", len(*links))
		}
		c.release(next)
		time.Sleep(lineTime)
		synctest.Wait()
		if !(*links)[2].closed {
			t.Error("the next line has not ended")
		}
	})
}
