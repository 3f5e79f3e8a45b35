package hub

import (
	"fmt"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"websocketd/libwebsocketd/bridge"
)

// TestModel has clients subscribe, leave, come back and stand still in random order, and
// compares what each gets with a plain list of what was published: in order, nothing twice,
// nothing left out, and "recovered" exactly when nothing is missing.
func TestModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ testing.TB }{t}, func(rt *rapid.T) { // without Deadline, which no bubble has
			limits := Limits{Messages: rapid.IntRange(1, 40).Draw(rt, "kept")}
			m := &model{channels: map[string]*modelChannel{}}
			m.begin = func() {
				h, serving, stop := run(Options{Limits: limits, MaxSubs: 3})
				m.h, m.stop = h, stop
				m.join = func() *link { return join(t, h, serving) }
				synctest.Wait()
			}
			m.begin()
			defer func() {
				m.letAllGo()
				m.stop()
			}()
			rt.Repeat(map[string]func(*rapid.T){
				"":             m.check,
				"come":         m.come,
				"publish":      m.publish,
				"publish more": m.publish,
				"broadcast":    m.broadcast,
				"subscribe":    m.subscribe,
				"resume":       m.resume,
				"unsubscribe":  m.unsubscribe,
				"hold":         m.hold,
				"let go":       m.letGo,
				"leave":        m.leave,
				"stand still":  m.standStill,
				"move":         m.move,
			})
		})
	})
}

var modelNames = []string{"a", "b:x", "process:c"}

type model struct {
	h        *Hub
	begin    func() // has another Hub take the place of h, empty
	stop     func()
	join     func() *link
	channels map[string]*modelChannel
	clients  []*modelClient
	said     int // broadcasts
	moving   bool
}

// modelChannel is all that was ever published in a channel; message N is data[N-1].
type modelChannel struct {
	data   []string
	status uint64 // the last one; 0 before
}

type modelClient struct {
	link *link
	held bool
	gone bool // closed with 1013
	subs map[string]*modelSub
	all  int // the last broadcast it has got
}

// modelSub is what a client has got, and is to get, of a channel.
type modelSub struct {
	next   uint64   // the message that comes next
	first  uint64   // a status that comes before that; 0 is none
	maybe  uint64   // a status that may come, if it was on its way already
	resume *resumed // nil if it did not name a position, or was answered
	wanted bool     // it is subscribed
}

type resumed struct {
	from      uint64 // messages come from here on, once the first of them has come
	until     uint64 // and then the answer
	recovered bool
	begun     bool
}

func (m *model) channel(name string) *modelChannel {
	if m.channels[name] == nil {
		m.channels[name] = &modelChannel{}
	}
	return m.channels[name]
}

// kept returns the first message that a channel keeps.
func (m *model) kept(name string) uint64 {
	for _, i := range m.h.Infos() {
		if i.Name == name {
			return i.First
		}
	}
	return 1
}

func (m *model) epoch(name string) string {
	for _, i := range m.h.Infos() {
		if i.Name == name {
			return i.Epoch
		}
	}
	return "unknown"
}

func (m *model) come(t *rapid.T) {
	if len(m.clients) < 6 {
		m.clients = append(m.clients, &modelClient{link: m.join(), subs: map[string]*modelSub{}, all: m.said})
		synctest.Wait()
	}
}

func (m *model) publish(t *rapid.T) {
	name := rapid.SampledFrom(modelNames).Draw(t, "channel")
	c := m.channel(name)
	if rapid.IntRange(0, 5).Draw(t, "kind") == 0 {
		c.data = append(c.data, "status")
		c.status = uint64(len(c.data))
		m.h.SendToChannel(name, Message{Type: TypeStatus, Data: "status"})
	} else {
		var batch []bridge.Message
		for range rapid.IntRange(1, 30).Draw(t, "lines") {
			c.data = append(c.data, fmt.Sprint(len(c.data)+1))
			batch = append(batch, bridge.Message{Kind: bridge.Text, Data: []byte(c.data[len(c.data)-1])})
		}
		ch, _ := m.h.Open(name, Limits{})
		ch.Output("p", batch)
		ch.Close()
	}
	if rapid.Bool().Draw(t, "settle") {
		synctest.Wait()
	}
}

func (m *model) broadcast(t *rapid.T) {
	m.said++
	m.h.Broadcast(Message{Type: TypeEvent, Data: m.said})
	synctest.Wait()
}

// pick returns a client that is there, nil if there is none.
func (m *model) pick(t *rapid.T) *modelClient {
	if len(m.clients) == 0 {
		t.Skip("no client")
	}
	return rapid.SampledFrom(m.clients).Draw(t, "client")
}

func (m *model) subscribe(t *rapid.T) {
	c, name := m.pick(t), rapid.SampledFrom(modelNames).Draw(t, "channel")
	synctest.Wait()
	m.take(t, c)
	c.link.say(`{"type":"subscribe","channel":"` + name + `"}`)
	synctest.Wait()
	s := c.subs[name]
	if s != nil && s.wanted || c.gone || s != nil && c.held { // what is on its way to one that is held still comes
		return
	}
	ch := m.channel(name)
	c.subs[name] = &modelSub{next: uint64(len(ch.data)) + 1, first: ch.status, wanted: true}
}

func (m *model) resume(t *rapid.T) {
	c, name := m.pick(t), rapid.SampledFrom(modelNames).Draw(t, "channel")
	synctest.Wait()
	m.take(t, c)
	ch, s := m.channel(name), c.subs[name]
	if c.gone || s != nil && s.resume != nil {
		return
	}
	epoch := rapid.SampledFrom([]string{m.epoch(name), m.epoch(name), "other"}).Draw(t, "epoch")
	last := uint64(len(ch.data))
	after := rapid.Uint64Range(0, last+3).Draw(t, "after")
	first := m.kept(name)
	r := &resumed{from: after + 1, until: last, recovered: epoch != "other" && epoch != "unknown" && after+1 >= first && after <= last}
	if !r.recovered {
		r.from = first
	}
	c.link.say(fmt.Sprintf(`{"type":"subscribe","data":%q,"after":"%s:%d"}`, name, epoch, after))
	if s == nil || !c.held {
		s = &modelSub{next: r.from}
		r.begun = true
		c.subs[name] = s
	}
	s.resume, s.wanted, s.maybe, s.first = r, true, s.first, 0
	synctest.Wait()
}

func (m *model) unsubscribe(t *rapid.T) {
	c, name := m.pick(t), rapid.SampledFrom(modelNames).Draw(t, "channel")
	if c.held {
		t.Skip("what is on its way still comes")
	}
	synctest.Wait()
	m.take(t, c)
	c.link.say(`{"type":"unsubscribe","channel":"` + name + `"}`)
	synctest.Wait()
	delete(c.subs, name)
}

func (m *model) hold(t *rapid.T) {
	c := m.pick(t)
	synctest.Wait()
	c.held = true
	c.link.hold()
}

func (m *model) letGo(t *rapid.T) {
	c := m.pick(t)
	c.held = false
	c.link.letGo()
	synctest.Wait()
}

func (m *model) letAllGo() {
	for _, c := range m.clients {
		c.link.letGo()
	}
}

func (m *model) leave(t *rapid.T) {
	c := m.pick(t)
	c.link.letGo()
	c.link.Close()
	synctest.Wait()
	for i := range m.clients {
		if m.clients[i] == c {
			m.clients = append(m.clients[:i], m.clients[i+1:]...)
			return
		}
	}
}

// standStill publishes while another Hub may go on, but does not.
func (m *model) standStill(t *rapid.T) {
	_, settle := m.h.Lift()
	for range rapid.IntRange(0, 3).Draw(t, "batches") {
		m.publish(t)
	}
	settle(false)
}

// move has another Hub go on. Every client has everything up to there, and has to come again.
func (m *model) move(t *rapid.T) {
	m.letAllGo()
	for _, c := range m.clients {
		c.held = false
	}
	m.check(t) // this Hub knows what it keeps; one that has gone does not
	channels, settle := m.h.Lift()
	m.h.SendToChannel(modelNames[0], Message{Type: TypeStatus, Data: "of the old one alone"})
	settle(true)
	m.stop()
	m.moving = true
	m.check(t)
	m.moving, m.clients = false, nil
	m.begin()
	for _, data := range channels {
		if err := m.h.TakeOver(data); err != nil {
			t.Fatal(err)
		}
	}
}

// check takes what each client has got, and compares it.
func (m *model) check(t *rapid.T) {
	synctest.Wait()
	for _, c := range m.clients {
		m.take(t, c)
		if c.held || c.gone {
			continue
		}
		for name, s := range c.subs {
			if last := uint64(len(m.channel(name).data)); s.next != last+1 || s.first != 0 || s.resume != nil {
				t.Fatalf("of %s comes %d next, of %d; status %d, answer %+v", name, s.next, last, s.first, s.resume)
			}
		}
		if c.all != m.said {
			t.Fatalf("broadcast %d of %d", c.all, m.said)
		}
	}
	if n := m.h.Stats().Clients; n > len(m.clients) {
		t.Fatalf("%d clients of %d", n, len(m.clients))
	}
}

func (m *model) take(t *rapid.T, c *modelClient) {
	all, end := c.link.take()
	for _, message := range all {
		m.got(t, c, message)
	}
	code, reason := bridge.Closing(end)
	if end != nil && !c.gone && !(m.moving && code == bridge.CloseServiceRestart) {
		c.gone = true
		if code != bridge.CloseTryAgainLater || !m.misses(c) {
			t.Fatalf("closed with %d %s", code, reason)
		}
	}
}

// misses reports whether something a client has not got is no longer kept.
func (m *model) misses(c *modelClient) bool {
	for name, s := range c.subs {
		next := s.next
		if s.resume != nil {
			next = min(next, s.resume.from)
		}
		if next < m.kept(name) {
			return true
		}
	}
	return c.all+1 < m.said // what all get has no number to look at
}

// got compares a message with what is to come.
func (m *model) got(t *rapid.T, c *modelClient, got got) {
	if got.Type == TypeEvent {
		if c.all++; got.Data != float64(c.all) || got.Seq != 0 {
			t.Fatalf("broadcast %v, want %d", got.Data, c.all)
		}
		return
	}
	s := c.subs[got.Channel]
	if s == nil {
		t.Fatalf("not subscribed: %+v", got)
	}
	r := s.resume
	if r != nil && !r.begun && (got.Type == TypeSubscribed && s.next != r.until+1 || got.Type != TypeSubscribed && got.Seq == r.from && got.Seq != s.next) {
		s.next, r.begun = r.from, true
	}
	if got.Type == TypeSubscribed {
		if r == nil || *got.Recovered != r.recovered || got.Seq != r.until || s.next != r.until+1 {
			t.Fatalf("%+v (recovered %v) after %d, want %+v", got, *got.Recovered, s.next-1, r)
		}
		s.resume = nil
		return
	}
	data := m.channel(got.Channel).data
	switch {
	case got.Type == TypeStatus && got.Seq == s.first:
		s.first = 0
	case got.Type == TypeStatus && got.Seq == s.maybe && got.Seq != s.next:
		s.maybe = 0
	case got.Seq != s.next || got.Data != data[got.Seq-1]:
		t.Fatalf("%+v, want %d", got, s.next)
	default:
		s.next++
	}
}
