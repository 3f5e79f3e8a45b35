package hub

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// startHTTP returns a Hub that runs until the end of the test, and where its channels are.
func startHTTP(t testing.TB, o Options, publish func(context.Context, Identity, string, []byte) error) (*Hub, string) {
	t.Helper()
	h := New(o)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { h.Run(ctx) })
	mux := http.NewServeMux()
	mux.Handle("/channels/{name}", h.ChannelHandler(publish))
	mux.Handle("/ws", h.Handler())
	at := httptest.NewUnstartedServer(mux)
	at.Config.ConnContext = ConnContext
	at.Start()
	t.Cleanup(func() {
		cancel()
		running.Wait()
		at.Close()
	})
	awaitRunning(t, h)
	return h, at.URL
}

// sseEvent is a server-sent event.
type sseEvent struct{ id, event, data string }

// listener reads server-sent events.
type listener struct {
	t testing.TB
	*bufio.Scanner
	body io.Closer
}

func listen(t testing.TB, url, lastID string) *listener {
	t.Helper()
	r, _ := http.NewRequest("GET", url, nil)
	r.Header.Set("Accept", "text/event-stream")
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s: %s", url, answer.Status)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return &listener{t, bufio.NewScanner(answer.Body), answer.Body}
}

func (l *listener) next() (e sseEvent, m got) {
	l.t.Helper()
	for l.Scan() {
		name, value, _ := strings.Cut(l.Text(), ": ")
		switch {
		case name == "id":
			e.id = value
		case name == "event":
			e.event = value
		case name == "data":
			e.data = value
		case l.Text() == "" && e.data != "":
			if err := json.Unmarshal([]byte(e.data), &m); err != nil {
				l.t.Fatalf("%q: %v", e.data, err)
			}
			return e, m
		}
	}
	l.t.Fatalf("no more events: %v", l.Err())
	return e, m
}

// polled is the answer to a long-poll.
type polled struct {
	Epoch     string
	Recovered bool
	Pending   []got
	Next      string
	More      bool
}

func poll(t testing.TB, url string) (p polled) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		said, _ := io.ReadAll(answer.Body)
		t.Fatalf("%s: %s", answer.Status, said)
	}
	if err := json.NewDecoder(answer.Body).Decode(&p); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestEvents: a client that cannot upgrade gets the same messages as server-sent events, with
// their positions, and comes back from one of them.
func TestEvents(t *testing.T) {
	h, url := startHTTP(t, Options{}, nil)
	h.SendProcessStatus("x", "running", 0)
	l := listen(t, url+"/channels/process:x", "")
	if e, m := l.next(); m.Type != TypeStatus || m.Seq != 1 || e.id != m.Epoch+":1" || e.event != "" {
		t.Fatalf("got %+v", e)
	}
	for i := range 3 {
		h.SendProcessOutput("x", fmt.Sprint(i))
	}
	var last string
	for i := range 3 {
		e, m := l.next()
		if last = e.id; m.Data != fmt.Sprint(i) || e.id != fmt.Sprintf("%s:%d", m.Epoch, i+2) {
			t.Fatalf("got %+v", e)
		}
	}
	epoch, _, _ := strings.Cut(last, ":")
	l = listen(t, url+"/channels/process:x?after=other:9", epoch+":3") // the header wins
	if e, m := l.next(); m.Seq != 4 || e.event != "" {
		t.Fatalf("got %+v", e)
	}
	if e, m := l.next(); e.event != TypeSubscribed || !*m.Recovered || e.id != last {
		t.Fatalf("got %+v", e)
	}
	l = listen(t, url+"/channels/process:x?lastEventId=other:9", "")
	for i := range 4 {
		if e, m := l.next(); m.Seq != uint64(i+1) {
			t.Fatalf("got %+v", e)
		}
	}
	if e, m := l.next(); e.event != TypeSubscribed || *m.Recovered {
		t.Fatalf("got %+v", e)
	}
	if s := h.Stats(); s.Clients < 1 || s.Channels != 1 || s.Subscribers != s.Clients {
		t.Errorf("%+v", s)
	}
}

// TestWait: a long-poll gets what is kept, and then what is published.
func TestWait(t *testing.T) {
	h, url := startHTTP(t, Options{}, nil)
	url += "/channels/news"
	if p := poll(t, url); len(p.Pending) != 0 || p.Next != p.Epoch+":0" || p.More || !p.Recovered {
		t.Fatalf("got %+v", p)
	}
	for range 2500 {
		h.SendToChannel("news", Message{Type: "n"})
	}
	next, seq := "", uint64(0)
	for _, want := range []int{1000, 1000, 500} {
		p := poll(t, url+"?after="+next)
		if len(p.Pending) != want || p.More != (want == 1000) || !p.Recovered {
			t.Fatalf("%d envelopes, more %v, recovered %v", len(p.Pending), p.More, p.Recovered)
		}
		for _, m := range p.Pending {
			if seq++; m.Seq != seq {
				t.Fatalf("message %d, want %d", m.Seq, seq)
			}
		}
		next = p.Next
	}
	got := make(chan polled)
	go func() { got <- poll(t, url+"?wait=1m&after="+next) }()
	h.SendToChannel("news", Message{Type: "late"})
	if p := <-got; len(p.Pending) != 1 || p.Pending[0].Type != "late" || p.Pending[0].Seq != 2501 || !p.Recovered {
		t.Fatalf("got %+v", p)
	}
	if p := poll(t, url+"?after=other:5"); p.Recovered || p.Pending[0].Seq != 1 {
		t.Fatalf("got recovered %v, from %d", p.Recovered, p.Pending[0].Seq)
	}
}

// TestWaitModel: a client that polls a channel whose messages are dropped meanwhile is told
// exactly when it misses some.
func TestWaitModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := New(Options{Limits: Limits{Messages: 20}})
		ch, _ := h.Open("c", Limits{})
		v := &visit{going: t.Context(), channel: ch}
		said, seen := uint64(0), uint64(0)
		for range rapid.IntRange(1, 20).Draw(t, "rounds") {
			for range rapid.IntRange(0, 30).Draw(t, "messages") {
				ch.Send(Message{Type: "x"})
				said++
			}
			a := v.ask(t.Context(), 0)
			kept := min(said, 20)
			if want := seen >= said-kept; a.recovered != want || a.next != said || uint64(a.count) != min(kept, said-seen) {
				t.Fatalf("%+v of %d messages after %d", a, said, seen)
			}
			seen = a.next
			position, _ := parseAfter(fmt.Sprintf("%s:%d", ch.record.Epoch(), seen))
			v.after = position
		}
	})
}

// TestVisitRefusals: what is no request for a channel is refused in a sentence, as JSON where
// the client accepts that.
func TestVisitRefusals(t *testing.T) {
	var published []string
	_, url := startHTTP(t, Options{
		Authenticate: BearerKeys(map[string]string{"k": "ann"}),
		Authorize: func(c *Client, channel string) error {
			if channel == "secret" || c.Identity.User != "ann" {
				return io.EOF
			}
			return nil
		},
		MaxMessage: 100,
	}, func(_ context.Context, who Identity, channel string, data []byte) error {
		if string(data) == "bad" {
			return fmt.Errorf("not taken")
		}
		published = append(published, who.User+" "+channel+" "+string(data))
		return nil
	})
	for _, test := range []struct {
		method, path, key, body string
		status                  int
		says                    string
	}{
		{"GET", "/channels/a", "", "", 401, "Unauthorised"},
		{"POST", "/channels/a", "other", "x", 401, "Unauthorised"},
		{"GET", "/channels/a", "k", "", 200, `"pending":[]`},
		{"GET", "/channels/secret", "k", "", 403, `{"error":"subscription unauthorised"}`},
		{"GET", "/channels/a%20b", "k", "", 400, "invalid channel name"},
		{"GET", "/channels/a?after=x", "k", "", 400, "EPOCH:N"},
		{"GET", "/channels/a?wait=-1s", "k", "", 400, "not a duration"},
		{"GET", "/channels/a?wait=soon", "k", "", 400, "not a duration"},
		{"PUT", "/channels/a", "k", "", 405, "only GET"},
		{"POST", "/channels/a", "k", "hello", 204, ""},
		{"POST", "/channels/a", "k", "bad", 400, "not taken"},
		{"POST", "/channels/a", "k", strings.Repeat("x", 101), 413, "too large"},
	} {
		r, _ := http.NewRequest(test.method, url+test.path, strings.NewReader(test.body))
		r.Header.Set("Accept", "application/json")
		if test.key != "" {
			r.Header.Set("Authorization", "bEARER "+test.key)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != test.status || !strings.Contains(string(said), test.says) {
			t.Errorf("%s %s: %s, %s", test.method, test.path, answer.Status, said)
		}
	}
	if fmt.Sprint(published) != "[ann a hello]" {
		t.Error(published)
	}
}
