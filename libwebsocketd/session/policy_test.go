package session

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/shared"
)

// TestShare: all clients get the output, and what they send goes in message by message,
// whole and each once.
func TestShare(t *testing.T) {
	t.Parallel()
	const messages, size = 40, 3000
	s := serve(t, `exec cat`, Lifetime{})
	doc, c := s.make()
	at := "/?session=" + doc.ID
	viewers := []*websocket.Conn{c.dial(at), c.dial(at), c.dial(at)}
	var at3 sync.WaitGroup
	for i, v := range viewers {
		at3.Go(func() {
			for range messages {
				write(v, strings.Repeat(string(rune('a'+i)), size))
			}
		})
		at3.Go(func() { // by POST, too
			for range messages / 10 {
				if status, _ := c.do("POST", at, "", strings.Repeat(string(rune('A'+i)), size)); status != 204 {
					t.Errorf("POST: %d", status)
				}
			}
		})
	}
	for _, v := range viewers {
		at3.Go(func() {
			got := map[string]int{}
			for range len(viewers) * (messages + messages/10) {
				m := read(v)
				if len(m) != size || strings.Count(m, m[:1]) != size {
					t.Errorf("a message is mixed: %.40q", m)
					return
				}
				got[m[:1]]++
			}
			if fmt.Sprint(got) != fmt.Sprintf("map[A:%d B:%d C:%d a:%d b:%d c:%d]", messages/10, messages/10, messages/10, messages, messages, messages) {
				t.Errorf("got %v", got)
			}
		})
	}
	at3.Wait()
}

// TestTakeOver: the client that is there is told that another has come, whatever it speaks,
// and the session goes on with that one.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	s := serve(t, `exec cat`, Lifetime{Attach: TakeOver})
	doc, c := s.make()
	at := "/?session=" + doc.ID
	x := s.one()
	attached := func(n uint64) {
		testkit.Eventually(t, "it is attached", func() bool {
			for a := range x.Attachments() {
				if a.Number == n {
					return true
				}
			}
			return false
		})
	}
	ws := c.dial(at)
	write(ws, "one")
	reads(t, ws, "one")
	stream := bufio.NewReader(c.begin("GET", at+"&after=0", asEvents, "").Body)
	closes(t, ws, 4409, "taken over by another connection")
	if got := event(stream); !strings.HasSuffix(got, ":1|data: one") {
		t.Errorf("the stream has %q", got)
	}
	polled := make(chan *Ended)
	go func() {
		_, ended, _ := c.poll(at + "&after=1&wait=5m")
		polled <- ended
	}()
	if got := event(stream); !strings.HasSuffix(got, `|event: end|data: {"code":4409,"reason":"taken over by another connection"}`) {
		t.Errorf("the stream ends with %q", got)
	}
	attached(3)
	if status, _ := c.do("POST", at, "", "two"); status != 204 { // takes nothing over
		t.Errorf("POST: %d", status)
	}
	if ended := <-polled; ended != nil {
		t.Errorf("the poll got %v", ended)
	}
	go func() {
		_, ended, _ := c.poll(at + "&after=2&wait=5m")
		polled <- ended
	}()
	attached(4)
	last := c.dial(at + "&after=1")
	if ended := <-polled; ended == nil || ended.Code != 4409 {
		t.Errorf("the poll got %v", ended)
	}
	reads(t, last, "two")
	if x.hub.Ending() != nil || x.isGone() {
		t.Error("it has ended")
	}
}

// TestRefuse: a second client is refused before the upgrade. Messages, and questions about
// the session, are not; when the first has left, the next one is let in.
func TestRefuse(t *testing.T) {
	t.Parallel()
	s := serve(t, `exec cat`, Lifetime{Attach: Refuse})
	doc, c := s.make()
	at := "/?session=" + doc.ID
	first := c.dial(at)
	_, status, reason := c.try(at)
	if status != http.StatusConflict || !strings.Contains(reason, "--attach") {
		t.Errorf("%d %s", status, reason)
	}
	for accept, path := range map[string]string{asEvents: at, asJSON: at + "&wait=0s"} {
		if status, _ := c.do("GET", path, accept, ""); status != http.StatusConflict {
			t.Errorf("%s: %d", accept, status)
		}
	}
	if status, _ := c.do("POST", at, "", "hello"); status != 204 {
		t.Errorf("POST: %d", status)
	}
	reads(t, first, "hello")
	if n := c.state(doc.ID).Viewers; n != 1 {
		t.Errorf("%d viewers", n)
	}
	first.Close()
	testkit.Eventually(t, "it has left", func() bool { return c.state(doc.ID).Viewers == 0 })
	reads(t, c.dial(at), "hello")
}

// TestVacant: where a second client is refused, one waits for the client before it to leave,
// a second at most.
func TestVacant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, former := time.Now(), &Attachment{left: make(chan struct{})}
		x := &Session{attachments: []*Attachment{former}}
		x.life.Store(&Lifetime{Attach: Refuse})
		call := &libwebsocketd.Attach{Request: httptest.NewRequest("GET", "/", nil)}
		if a, refusal := x.attach(call, shared.From{}); a != nil || refusal != occupied || refusal.RetryAfter != 1 || time.Since(began) != leaveTime {
			t.Errorf("after %s: %v, %v", time.Since(began), a, refusal)
		}
		ctx, cancel := context.WithTimeout(t.Context(), leaveTime/2)
		defer cancel()
		call.Request, began = call.Request.WithContext(ctx), time.Now()
		if _, refusal := x.attach(call, shared.From{}); refusal != occupied || time.Since(began) != leaveTime/2 {
			t.Errorf("a client that has left waits for %s: %v", time.Since(began), refusal)
		}
		began = time.Now()
		time.AfterFunc(leaveTime/2, func() { close(former.left) })
		if !x.untilVacant(t.Context(), began.Add(leaveTime)) || time.Since(began) != leaveTime/2 {
			t.Errorf("it has left, after %s", time.Since(began))
		}
	})
}
