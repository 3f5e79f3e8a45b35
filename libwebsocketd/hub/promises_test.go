package hub

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/internal/testkit"
)

// TestOrder: 2.7 (2): lines come in order, one message a frame, without a newline at the end,
// empty ones included; and 2.7 (3): running comes first, and exited last.
func TestOrder(t *testing.T) {
	h, url := start(t, Options{})
	c := dial(t, url)
	c.say(`{"type":"subscribe","data":"process:p-1"}`)
	c.settled()
	lines := []string{"first", "", "  ", `"quoted" \ and <b>&</b>`, "\u2028 \t\r", "last"}
	h.SendProcessStatus("p-1", "running", 0)
	for _, line := range lines {
		if err := h.SendProcessOutput("p-1", line); err != nil {
			t.Fatal(err)
		}
	}
	h.SendProcessStatus("p-1", "exited", 137)
	if m := c.next(); m.Type != TypeStatus || fmt.Sprint(m.Data) != "map[exitCode:0 status:running]" || m.ProcessID != "p-1" || m.Channel != "process:p-1" {
		t.Errorf("got %+v", m)
	}
	for i, line := range lines {
		m := c.next()
		if m.Type != TypeOutput || m.Data != line || m.ProcessID != "p-1" || m.Seq != uint64(i+2) {
			t.Errorf("got %+v, want %q", m, line)
		}
		if _, err := time.Parse(time.RFC3339Nano, m.Timestamp); err != nil {
			t.Error(err)
		}
	}
	if m := c.next(); fmt.Sprint(m.Data) != "map[exitCode:137 status:exited]" || m.Seq != 8 {
		t.Errorf("got %+v", m)
	}
}

// TestWays: 2.7 (4): the name is in data or in channel, unsubscribe stops delivery, twice is
// harmless, and every shape that is none is ignored.
func TestWays(t *testing.T) {
	h, url := start(t, Options{})
	c := dial(t, url)
	for _, shape := range []string{`"data":"a"`, `"channel":"a"`, `"channel":"a","data":"other"`, `"channel":"","data":"a"`, `"channel":null,"data":"a"`, `"data":"a","extra":[{}]`} {
		c.say(`{"type":"subscribe",%s}`, shape)
		c.say(`{"type":"subscribe",%s}`, shape)
		c.settled()
		if n := h.ChannelSubscriberCount("a"); n != 1 {
			t.Fatalf("%s: %d subscribers", shape, n)
		}
		h.SendToChannel("a", Message{Type: "x"})
		if m := c.next(); m.Type != "x" {
			t.Fatalf("%s: %+v", shape, m)
		}
		c.say(`{"type":"unsubscribe",%s}`, shape)
		c.say(`{"type":"unsubscribe",%s}`, shape)
		c.settled()
		h.SendToChannel("a", Message{Type: "x"})
		c.settled()
	}
	for _, shape := range []string{`"data":{"channel":"a"}`, `"data":["a"]`, `"data":1`, `"channel":7,"data":"a"`, `"data":null`, `"name":"a"`} {
		c.say(`{"type":"subscribe",%s}`, shape)
		if c.settled(); h.ChannelSubscriberCount("a") != 0 {
			t.Errorf("%s subscribes", shape)
		}
	}
	if err := c.WriteMessage(websocket.BinaryMessage, []byte(`{"TYPE":"subscribe","Data":"a"}`)); err != nil {
		t.Fatal(err)
	}
	if c.settled(); h.ChannelSubscriberCount("a") != 1 {
		t.Error("a binary frame does not count")
	}
}

// TestBurst: 2.7 (5): of a burst of 10,000 lines every frame is one JSON object, and none is
// missing.
func TestBurst(t *testing.T) {
	h, url := start(t, Options{Limits: Limits{Bytes: 64 << 20}})
	c := dial(t, url)
	c.say(`{"type":"subscribe","data":"process:x"}`)
	c.settled()
	go func() {
		for i := range 10_000 {
			h.SendProcessOutput("x", fmt.Sprint(i))
		}
	}()
	for i := range 10_000 {
		if m := c.next(); m.Data != fmt.Sprint(i) || m.Seq != uint64(i+1) {
			t.Fatalf("got %+v, want %d", m, i)
		}
	}
}

// TestPings: 2.7 (6): a ping in JSON has a pong, pings of the protocol come at the interval, and
// a peer that answers none is dropped, though what it was sent arrives.
func TestPings(t *testing.T) {
	h, url := start(t, Options{PingInterval: 300 * time.Millisecond})
	well, mute := dial(t, url), dial(t, url)
	well.say(`{"type":"ping","data":{"n":1}}`)
	if m := well.next(); m.Type != TypePong || m.Data != nil || m.Timestamp == "" {
		t.Errorf("got %+v", m)
	}
	pings := make(chan struct{}, 100)
	answer := well.PingHandler()
	well.SetPingHandler(func(data string) error {
		pings <- struct{}{}
		return answer(data)
	})
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			if _, _, err := well.ReadMessage(); err != nil {
				return
			}
		}
	})
	mute.SetPingHandler(func(string) error { return nil })
	if _, _, err := mute.ReadMessage(); err == nil {
		t.Error("a mute peer gets a message")
	}
	for range 3 {
		<-pings
	}
	testkit.Eventually(t, "only the mute one is gone", func() bool { return h.ClientCount() == 1 })
	well.Close()
	reading.Wait()
}

// TestRefusedSubscriptions: 2.7 (7): a bad name, a refused channel and the 1025th subscription
// each have one error, and leave the connection open. A bad name to unsubscribe has silence.
func TestRefusedSubscriptions(t *testing.T) {
	h, url := start(t, Options{Authorize: func(c *Client, channel string) error {
		switch channel {
		case "secret":
			return errors.New("no")
		case "panic":
			panic("no")
		}
		return nil
	}})
	c := dial(t, url)
	for name, want := range map[string]string{
		"a b":                                 "subscribe: invalid channel name",
		"ä":                                   "subscribe: invalid channel name",
		strings.Repeat("x", 257):              "subscribe: invalid channel name",
		strings.Repeat("x", 60<<10):           "subscribe: invalid channel name",
		"process:":                            "subscribe: invalid process ID",
		"process:a:b":                         "subscribe: invalid process ID",
		"process:a b":                         "subscribe: invalid process ID",
		"process:" + strings.Repeat("x", 129): "subscribe: invalid process ID",
		"secret":                              "subscribe: subscription unauthorised",
		"panic":                               "subscribe: subscription unauthorised",
	} {
		c.say(`{"type":"subscribe","data":%q}`, name)
		m := c.next()
		said, _ := m.Data.(string)
		if m.Type != TypeError || !strings.HasPrefix(said, want) || len(said) > 500 || m.Seq != 0 {
			t.Errorf("%.40q: %+v", name, m)
		}
		c.settled()
		c.say(`{"type":"unsubscribe","data":%q}`, name)
		c.settled()
	}
	for _, after := range []string{`"x"`, `"E:-1"`, `"E:01"`, `7`, `{}`, `":1"`, `""`, `"` + strings.Repeat("9", 50<<10) + `"`} {
		c.say(`{"type":"subscribe","data":"a","after":%s}`, after)
		if m := c.next(); m.Type != TypeError || !strings.Contains(m.Data.(string), "EPOCH:N") || h.ChannelSubscriberCount("a") != 0 {
			t.Errorf("after %.20s: %+v", after, m)
		}
	}
	for i := range DefaultMaxSubs {
		c.say(`{"type":"subscribe","data":"n%d"}`, i)
	}
	c.settled()
	c.say(`{"type":"subscribe","data":"n0"}`) // once more is no further one
	c.say(`{"type":"subscribe","data":"n0","after":"E:0"}`)
	if m := c.next(); m.Type != TypeSubscribed {
		t.Fatalf("got %+v", m)
	}
	c.say(`{"type":"subscribe","data":"further"}`)
	if m := c.next(); m.Type != TypeError || m.Data != "subscribe: subscription limit exceeded" {
		t.Errorf("got %+v", m)
	}
	c.say(`{"type":"unsubscribe","data":"n1"}`)
	c.say(`{"type":"subscribe","data":"further"}`)
	if c.settled(); h.ChannelSubscriberCount("further") != 1 {
		t.Error("the place of another is not free")
	}
}

// TestNoEffect: 2.7 (8): bad JSON, unknown types, and what only the server may send have no
// effect, but that Unknown is called with them.
func TestNoEffect(t *testing.T) {
	unknown := make(chan string, 100)
	h, url := start(t, Options{Unknown: func(_ *Client, message []byte) {
		unknown <- string(message)
		panic("it is contained")
	}})
	c, other := dial(t, url), dial(t, url)
	other.say(`{"type":"subscribe","data":"process:x"}`)
	other.settled()
	messages := []string{
		``, `{`, `null`, `7`, `"ping"`, `[{"type":"ping"}]`, `{"type":"ping"}x`, `{"type":7}`, `{"type":"PING"}`, "\x00", `{"type":"command"}`,
		`{"type":"process_output","channel":"process:x","processId":"x","data":"forged"}`,
		`{"type":"event","data":{"event":"x"}}`, `{"type":"subscribe","data":{"events":["x"]}}`,
	}
	for _, m := range messages {
		c.say("%s", m)
	}
	c.settled()
	other.settled()
	for _, m := range messages {
		if said := <-unknown; said != m {
			t.Errorf("Unknown was called with %q, want %q", said, m)
		}
	}
	if i := h.Infos(); len(i) != 1 || i[0].Last != 0 {
		t.Errorf("published: %+v", i)
	}
}

// TestTooBig: 2.7 (9): a message above the limit gives 1009, one of the limit does not.
func TestTooBig(t *testing.T) {
	h, url := start(t, Options{})
	c := dial(t, url)
	c.say(`{"type":"ping"%s}`, strings.Repeat(" ", DefaultMaxMessage-len(`{"type":"ping"}`)))
	if m := c.next(); m.Type != TypePong {
		t.Fatalf("got %+v", m)
	}
	c.say("%s", strings.Repeat(" ", DefaultMaxMessage+1))
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseMessageTooBig) || !strings.Contains(err.Error(), "message over 65536 bytes") {
		t.Error(err)
	}
	c.Close()
	testkit.Eventually(t, "it is gone", func() bool { return h.ClientCount() == 0 })
}

// TestNotText: a text frame that is not UTF-8 gives 1007 (RFC 6455 section 8.1).
func TestNotText(t *testing.T) {
	_, url := start(t, Options{})
	c := dial(t, url)
	c.say("{\"type\":\"ping\",\"data\":\"\xff\"}")
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseInvalidFramePayloadData) {
		t.Error(err)
	}
	c.Close()
}

// TestStalled: 2.7 (10): a client that stops reading is let go. The publisher does not wait, and
// others miss nothing.
func TestStalled(t *testing.T) {
	h, url := start(t, Options{WriteTimeout: 2 * time.Second, Limits: Limits{Bytes: 4 << 20}})
	well, stalled := dial(t, url), dial(t, url)
	for _, c := range []client{well, stalled} {
		c.say(`{"type":"subscribe","data":"process:x"}`)
		c.settled()
	}
	const lines = 2000
	line := strings.Repeat("x", 4<<10)
	read := make(chan int)
	go func() {
		for i := range lines {
			h.SendProcessOutput("x", line)
			if i%100 == 99 { // so that well is never more than the record behind
				<-read
			}
		}
	}()
	for i := range lines {
		if m := well.next(); m.Seq != uint64(i+1) {
			t.Fatalf("got %d, want %d", m.Seq, i+1)
		}
		if i%100 == 99 {
			read <- i
		}
	}
	testkit.Eventually(t, "the one that reads nothing is gone", func() bool { return h.ClientCount() == 1 })
	if n := h.SlowClients(); n != 1 {
		t.Errorf("%d slow clients", n)
	}
}
