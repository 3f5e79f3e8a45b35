package hub

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"websocketd/libwebsocketd/bridge"
)

// TestFlood: a client that asks and asks, and takes no answers, is read no further.
func TestFlood(t *testing.T) {
	for kind, message := range map[string]string{
		TypePong:  `{"type":"ping"}`,
		TypeError: `{"type":"subscribe","data":"` + strings.Repeat("x", 60<<10) + `"}`,
	} {
		inBubble(t, Options{}, func(t *testing.T, h *Hub, join func() *link) {
			l := join()
			l.hold()
			read := 0
			go func() {
				for range 100 {
					l.say(message)
					read++
				}
			}()
			synctest.Wait()
			if read > 2*mostReplies+2 {
				t.Errorf("%s: %d messages were read", kind, read)
			}
			l.letGo()
			synctest.Wait()
			got, _ := l.take()
			for _, m := range got {
				if said, _ := m.Data.(string); m.Type != kind || len(said) > 400 {
					t.Fatalf("got %+v", m)
				}
			}
			if read != 100 || len(got) != 100 {
				t.Errorf("%s: %d messages were read, %d answered", kind, read, len(got))
			}
		})
	}
}

// TestFloodEnds: the reader of a client that is let go while it waits for room ends.
func TestFloodEnds(t *testing.T) {
	inBubble(t, Options{Limits: Limits{Messages: 2}}, func(t *testing.T, h *Hub, join func() *link) {
		l := join()
		l.say(`{"type":"subscribe","data":"c"}`)
		synctest.Wait()
		l.hold()
		for range 5 {
			h.SendToChannel("c", Message{Type: "x"})
			synctest.Wait()
		}
		go func() {
			for range 100 {
				l.say(`{"type":"ping"}`)
			}
		}()
		synctest.Wait()
		l.lingers = time.Second
		l.letGo()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if code := l.closedWith(); code != bridge.CloseTryAgainLater || h.ClientCount() != 0 {
			t.Errorf("closed with %d, %d clients", code, h.ClientCount())
		}
	})
}

// TestMaxChannels: clients make no more channels than there may be. The longest idle of those
// without subscribers makes place, for what the server publishes in any case.
func TestMaxChannels(t *testing.T) {
	inBubble(t, Options{MaxChannels: 3, MaxAllSubs: 4}, func(t *testing.T, h *Hub, join func() *link) {
		l, other := join(), join()
		open, _ := h.Open("open", Limits{})
		for _, name := range []string{"a", "b"} {
			l.say(`{"type":"subscribe","data":"` + name + `"}`)
		}
		synctest.Wait()
		refused := func(l *link, name string) string {
			l.say(`{"type":"subscribe","data":"` + name + `"}`)
			synctest.Wait()
			got, _ := l.take()
			return fmt.Sprint(got)
		}
		if said := refused(other, "c"); !strings.Contains(said, ErrTooManyNames.Error()) {
			t.Errorf("a fourth channel: %s", said)
		}
		if said := refused(other, "a"); said != "[]" {
			t.Errorf("one that is there: %s", said)
		}
		h.SendToChannel("server", Message{Type: "x"})
		if n := len(h.Infos()); n != 4 {
			t.Errorf("%d channels", n)
		}
		h.SendToChannel("server 2", Message{Type: "x"}) // no name
		h.SendToChannel("server2", Message{Type: "x"})
		if i := h.Infos(); len(i) != 4 || i[3].Name != "server2" {
			t.Errorf("the longest idle does not go: %+v", i)
		}
		open.Close()
		if said := refused(other, "c"); said != "[]" {
			t.Errorf("one is closed: %s", said)
		}
		if said := refused(l, "c"); !strings.Contains(said, ErrTooMany.Error()) {
			t.Errorf("a fifth subscription: %s", said)
		}
	})
}

// TestMaxBytes: all channels together keep no more than they may, whatever is published, and the
// count of it is right.
func TestMaxBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 64 << 10
		h := New(Options{MaxBytes: most, MaxChannels: 8, Limits: Limits{Bytes: 32 << 10}})
		c := h.newClient(newLink(nil), Identity{}, "")
		name := rapid.StringMatching(`[a-p]`)
		open := map[string]*Channel{}
		t.Repeat(map[string]func(*rapid.T){
			"publish": func(t *rapid.T) {
				h.SendToChannel(name.Draw(t, "channel"), Message{Type: "x", Data: strings.Repeat("x", rapid.IntRange(0, 8<<10).Draw(t, "size"))})
			},
			"subscribe":   func(t *rapid.T) { h.Subscribe(c, name.Draw(t, "channel")) },
			"unsubscribe": func(t *rapid.T) { h.Unsubscribe(c, name.Draw(t, "channel")) },
			"all":         func(t *rapid.T) { h.SendError(strings.Repeat("x", 1000)) },
			"open": func(t *rapid.T) {
				name := name.Draw(t, "channel")
				if open[name] == nil {
					open[name], _ = h.Open(name, Limits{Bytes: 1 << 20})
				}
				open[name].Send(Message{Type: "y", Data: strings.Repeat("y", rapid.IntRange(0, 30<<10).Draw(t, "size"))})
			},
			"close": func(t *rapid.T) {
				name := name.Draw(t, "channel")
				if ch := open[name]; ch != nil {
					ch.Close()
					delete(open, name)
				}
			},
			"": func(t *rapid.T) {
				sum := int64(h.all.record.Bytes())
				for _, ch := range h.channels {
					sum += int64(ch.record.Bytes())
				}
				if held := h.held.Load(); held != sum || held > most {
					t.Fatalf("%d bytes are kept, counted %d, at most %d", sum, held, most)
				}
				for name, ch := range open {
					if h.channels[name] != ch {
						t.Fatalf("%s is open, and forgotten", name)
					}
				}
				if n := len(h.idle()); n > 8 {
					t.Fatalf("%d channels nobody needs", n)
				}
			},
		})
	})
}

// TestLevel: where all channels have subscribers, the largest histories are cut, to one size.
func TestLevel(t *testing.T) {
	for _, test := range []struct {
		most          int // bytes
		large, larger int // messages that are kept of 34 and 66, within 5
	}{{200 << 10, 34, 46}, {100 << 10, 17, 17}} {
		h := New(Options{MaxBytes: test.most, Limits: Limits{Bytes: 1 << 20}})
		c := h.newClient(newLink(t), Identity{}, "")
		for _, name := range []string{"small", "large", "larger"} {
			h.Subscribe(c, name)
		}
		h.SendToChannel("idle", Message{Type: "x", Data: strings.Repeat("x", 10<<10)})
		h.SendToChannel("small", Message{Type: "x", Data: strings.Repeat("x", 10<<10)})
		for i := range 100 {
			name := "large"
			if i%3 > 0 {
				name = "larger"
			}
			h.SendToChannel(name, Message{Type: "x", Data: strings.Repeat("x", 2<<10)})
		}
		want := map[string]int{"small": 1, "large": test.large, "larger": test.larger}
		for _, i := range h.Infos() {
			kept := int(i.Last + 1 - i.First)
			if n := want[i.Name]; n == 0 || kept < n-5 || kept > n+5 || kept == 0 {
				t.Errorf("of %d bytes: %+v, want %d messages", test.most, i, n)
			}
		}
	}
}

// TestSubscriptionMemory: what 1024 subscriptions with the longest names hold of memory.
func TestSubscriptionMemory(t *testing.T) {
	h := New(Options{})
	const clients = 10
	all := make([]*Client, clients)
	before := heap()
	for i := range all {
		all[i] = h.newClient(newLink(t), Identity{}, "")
		for j := range DefaultMaxSubs {
			name := fmt.Sprintf("%d.%d.%s", i, j, strings.Repeat("x", mostChannelName))[:mostChannelName]
			if err := h.Subscribe(all[i], name); err != nil {
				t.Fatal(err)
			}
		}
	}
	each := (heap() - before) / clients / DefaultMaxSubs
	t.Logf("%d bytes a subscription, and its channel", each)
	if each > 1536 {
		t.Errorf("a subscription holds %d bytes", each)
	}
	runtime.KeepAlive(all)
	runtime.KeepAlive(h)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
