package hub

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/internal/testkit"
)

// TestAdmission: 2.7 (11): 503, 403 and 401 are decided before the upgrade, in this order. A
// bearer key may stand in the header, a token in the query. Nobody beyond MaxClients.
func TestAdmission(t *testing.T) {
	var causes []error
	keys := BearerKeys(map[string]string{"good": "ann", "nobody": ""})
	tokens := QueryToken(func(token string) (Identity, error) {
		if token == "panic" {
			panic("it is a refusal")
		}
		if token != "ticket" {
			return Identity{}, ErrWrongKey
		}
		return Identity{User: "bob", Claims: 7}, nil
	})
	users := make(chan Identity, 10)
	o := Options{
		CheckOrigin: func(r *http.Request) bool {
			if r.Header.Get("Origin") == "panic" {
				panic("it is a refusal")
			}
			return r.Header.Get("Origin") == "http://good"
		},
		Authenticate: func(r *http.Request) (Identity, error) {
			if r.URL.Query().Has("token") {
				return tokens(r)
			}
			return keys(r)
		},
		Connected:  func(c *Client) { users <- c.Identity },
		Refused:    func(_ *http.Request, cause error) { causes = append(causes, cause); panic("it is contained") },
		MaxClients: 2,
	}
	idle := httptest.NewServer(New(o).Handler())
	defer idle.Close()
	_, url := start(t, o)
	for _, test := range []struct {
		url, origin, key string
		status           int
		cause            error
	}{
		{"ws" + strings.TrimPrefix(idle.URL, "http"), "http://good", "good", 503, ErrNotRunning},
		{url, "http://evil", "", 403, errOrigin},
		{url, "", "good", 403, errOrigin},
		{url, "panic", "good", 403, errOrigin},
		{url, "http://good", "", 401, ErrNoKey},
		{url, "http://good", "bad", 401, ErrWrongKey},
		{url, "http://good", "nobody", 401, errNoUser},
		{url + "?token=bad", "http://good", "good", 401, ErrWrongKey},
		{url + "?token=panic", "http://good", "good", 401, nil},
		{url, "http://good", "good", 101, nil},
		{url + "?token=ticket", "http://good", "", 101, nil},
		{url, "http://good", "good", 503, ErrTooManyPeers},
	} {
		header := http.Header{}
		if test.origin != "" {
			header.Set("Origin", test.origin)
		}
		if test.key != "" {
			header.Set("Authorization", "BEARER "+test.key)
		}
		c, answer, err := websocket.DefaultDialer.Dial(test.url, header)
		if err == nil {
			defer c.Close()
		}
		if answer == nil || answer.StatusCode != test.status {
			t.Errorf("%+v: %v, %v", test, answer, err)
			continue
		}
		if said, _ := io.ReadAll(answer.Body); test.status == 403 && string(said) != "Forbidden\n" || test.status == 401 && string(said) != "Unauthorised\n" {
			t.Errorf("%d %q", test.status, said)
		}
		if test.cause != nil && !errors.Is(causes[len(causes)-1], test.cause) {
			t.Errorf("%+v: refused because of %v", test, causes[len(causes)-1])
		}
	}
	if a, b := <-users, <-users; a.User+b.User != "annbob" && b.User+a.User != "annbob" {
		t.Errorf("connected: %+v, %+v", a, b)
	}
}

// TestCounts: 2.7 (13): the counts rise with what clients do, and fall to zero when they leave.
func TestCounts(t *testing.T) {
	h, url := start(t, Options{})
	a, b := dial(t, url), dial(t, url)
	for _, name := range []string{"x", "y"} {
		a.say(`{"type":"subscribe","data":%q}`, name)
	}
	b.say(`{"type":"subscribe","data":"y"}`)
	a.settled()
	b.settled()
	if s := h.Stats(); s != (Stats{2, 2, 3}) || h.ChannelCount() != 2 || h.ClientCount() != 2 || fmt.Sprint(h.Channels()) != "[x y]" {
		t.Errorf("%+v, %v", s, h.Channels())
	}
	if all := h.Clients(); len(all) != 2 || all[0].Remote > all[1].Remote || all[0].ID == all[1].ID {
		t.Errorf("%+v", all)
	}
	a.Close()
	b.UnderlyingConn().(*net.TCPConn).SetLinger(0) // a reset
	b.Close()
	testkit.Eventually(t, "the counts are zero", func() bool { return h.Stats() == Stats{} })
	if h.subs != 0 || h.all.count.Load() != 0 {
		t.Errorf("%d subscriptions, %d to what all get", h.subs, h.all.count.Load())
	}
}

// TestStop: 2.7 (16): stopping the server closes every client with a close frame; those that
// come later are refused, and what is published later succeeds.
func TestStop(t *testing.T) {
	h, serving, stop := run(Options{})
	awaitRunning(t, h)
	mux := http.NewServeMux()
	mux.Handle("/ws", h.Handler())
	mux.Handle("/channels/{name}", h.ChannelHandler(nil))
	at := httptest.NewServer(mux)
	defer at.Close()
	url := "ws" + strings.TrimPrefix(at.URL, "http") + "/ws"
	a, b := dial(t, url), dial(t, url)
	l := listen(t, at.URL+"/channels/x", "")
	waiting := make(chan polled)
	go func() { waiting <- poll(t, at.URL+"/channels/x?wait=1m") }()
	testkit.Eventually(t, "all are there", func() bool { h.mu.Lock(); defer h.mu.Unlock(); return h.seats == 4 })
	ended := make(chan struct{})
	go func() {
		stop()
		close(ended)
	}()
	for _, c := range []client{a, b} {
		if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
			t.Error(err)
		}
		c.Close()
	}
	if e, _ := l.next(); e.event != "end" || e.data != `{"code":1001,"reason":"server is going away"}` {
		t.Errorf("got %+v", e)
	}
	if p := <-waiting; len(p.Pending) != 0 {
		t.Errorf("got %+v", p)
	}
	<-ended
	serving.Wait()
	if err := h.SendProcessOutput("x", "later"); err != nil {
		t.Error(err)
	}
	if _, answer, _ := websocket.DefaultDialer.Dial(url, nil); answer == nil || answer.StatusCode != 503 {
		t.Errorf("later: %+v", answer)
	}
	if err := h.Run(t.Context()); err == nil {
		t.Error("Run may be called twice")
	}
}
