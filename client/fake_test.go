package client

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/bridge"
)

// program is a program of a server, as far as its clients see. What it does is told by the
// test.
type program struct {
	lifetime string

	mu        sync.Mutex
	changed   *sync.Cond
	epoch     string // "" before the process runs
	first     int    // what is kept
	messages  []string
	ended     *bridge.CloseWith
	session   Session
	upgrades  bool   // WebSockets are not blocked
	beginning string // the answer that has it
	silent    bool   // nothing comes through, until somebody comes back
	answer    int    // the status of everything; 0 is what it should be
	sentence  string
	raw       string // an answer as it is sent, after which the connection breaks off
	refusals  int    // how often answer is given; 0 is for ever
	open      map[io.Closer]bool
	asked     []string      // requests
	got       []string      // messages to the program
	taking    chan struct{} // closed when the message "wait" is taken
	meant     string        // the process that the last message was for
	proofs    []string      // Authorization of requests
}

func newProgram(t *testing.T, lifetime string) (*program, string) {
	t.Helper()
	p := &program{lifetime: lifetime, first: 1, upgrades: true, open: map[io.Closer]bool{}, taking: make(chan struct{})}
	p.changed = sync.NewCond(&p.mu)
	if lifetime != lifetimeConnection {
		p.epoch = "E1"
	}
	s := httptest.NewServer(p)
	t.Cleanup(func() {
		p.breakOff()
		s.CloseClientConnections()
		s.Close()
	})
	return p, s.URL
}

// set changes the program.
func (p *program) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	p.changed.Broadcast()
}

// say has the process print messages.
func (p *program) say(messages ...string) {
	p.set(func() { p.messages = append(p.messages, messages...) })
}

// cut breaks all connections off, of which there is at least one.
func (p *program) cut(t *testing.T) {
	t.Helper()
	eventually(t, "there is a connection", func() bool { return p.attached() > 0 })
	p.breakOff()
}

func (p *program) breakOff() {
	p.set(func() {
		for c := range p.open {
			c.Close()
		}
		p.open = map[io.Closer]bool{}
	})
}

// attached returns how many connections there are.
func (p *program) attached() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open)
}

// running reports whether the process has not ended.
func (p *program) running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended == nil
}

// heard returns what the process was sent.
func (p *program) heard() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.got, " ")
}

// meantFor returns which process the last message was for, "" for whichever there is.
func (p *program) meantFor() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.meant
}

// log returns the requests since the last call, by what they are for.
func (p *program) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := strings.Join(p.asked, " ")
	p.asked = nil
	return all
}

// ServeHTTP implements [http.Handler].
func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	p.mu.Lock()
	p.asked, p.proofs = append(p.asked, what(r)), append(p.proofs, r.Header.Get("Authorization"))
	answer, sentence, raw := p.answer, p.sentence, p.raw
	if p.refusals > 0 {
		if p.refusals--; p.refusals == 0 {
			p.answer, p.raw = 0, ""
		}
	}
	p.mu.Unlock()
	switch {
	case raw != "":
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			io.WriteString(c, raw)
			c.Close()
		}
	case answer != 0:
		http.Error(w, fmt.Sprintf("%d %s: %s", answer, http.StatusText(answer), sentence), answer)
	case r.Method == "POST" && query.Get("session") == "new":
		p.set(func() { p.session, p.epoch = Session{"id1", "secret1"}, "E1" })
		http.SetCookie(w, &http.Cookie{Name: "websocketd-1", Value: "secret1", Path: "/", HttpOnly: true})
		w.WriteHeader(201)
		json.NewEncoder(w).Encode(p.session)
	case p.refuses(w, r, query.Get("session")):
	case query.Has("state"):
		p.tell(w)
	case query.Get("wait") == "0s":
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, p.beginning)
	case r.Header.Get("Upgrade") != "":
		p.serveWebSocket(w, r)
	case r.Method == "POST":
		p.takePost(w, r)
	default:
		p.serveEvents(w, r)
	}
}

// takePost takes a message by plain HTTP, unless it asks for something else.
func (p *program) takePost(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	order, about, _ := strings.Cut(string(body), " ")
	switch order {
	case "hang":
		<-r.Context().Done()
		return
	case "wait":
		select {
		case <-p.taking:
		case <-r.Context().Done():
			return
		}
	case "refuse":
		status, _ := strconv.Atoi(about)
		http.Error(w, fmt.Sprintf("%d %s: no", status, http.StatusText(status)), status)
		return
	case "break":
		panic(http.ErrAbortHandler)
	}
	p.set(func() { p.got, p.meant = append(p.got, string(body)), r.URL.Query().Get("after") })
	w.WriteHeader(204)
}

// what names a request.
func what(r *http.Request) string {
	name := r.Method
	switch query := r.URL.Query(); {
	case query.Has("state"):
		return "state"
	case query.Get("session") == "new":
		return "new"
	case r.Header.Get("Upgrade") != "":
		name = "ws"
	case r.Method == "GET":
		name = "events"
	default:
		return name
	}
	if r.URL.Query().Has("after") {
		name += ":" + r.URL.Query().Get("after")
	}
	return name
}

// refuses answers requests about another session than there is.
func (p *program) refuses(w http.ResponseWriter, r *http.Request, id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case id != p.session.ID:
		http.Error(w, "404 Not Found: there is no such session", 404)
	case id != "" && r.Header.Get("Authorization") != "Bearer "+p.session.Secret && r.Header.Get("Cookie") != "websocketd-1="+p.session.Secret:
		http.Error(w, "403 Forbidden: this session needs its secret", http.StatusForbidden)
	case !p.upgrades && r.Header.Get("Upgrade") != "":
		http.Error(w, "<h1>Forbidden</h1>", http.StatusForbidden)
	default:
		return false
	}
	return true
}

// tell answers ?state.
func (p *program) tell(w http.ResponseWriter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lifetime == lifetimeConnection && p.upgrades {
		http.Error(w, "404 page not found", 404) // as an older server
		return
	}
	document := map[string]any{"lifetime": p.lifetime, "epoch": nil}
	if p.epoch != "" {
		document["epoch"], document["first"], document["last"], document["ended"] = p.epoch, p.first, len(p.messages), p.ended
		document["id"] = p.session.ID
		if p.beginning != "" {
			document["beginning"] = map[string]int{"first": 1, "last": 2}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(document)
}

// position returns after which message a client begins, or answers what it asks for.
func (p *program) position(w http.ResponseWriter, r *http.Request) (at int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	epoch, number, found := strings.Cut(r.URL.Query().Get("after"), ":")
	if !found {
		epoch, number = p.epoch, epoch
	}
	at, _ = strconv.Atoi(number)
	if epoch != p.epoch || at < p.first-1 {
		http.Error(w, "410 Gone: other messages are kept", http.StatusGone)
		return 0, false
	}
	if p.epoch == "" {
		p.epoch = "E1"
	}
	p.silent = false
	if p.ended != nil && p.ended.Code == bridge.CloseServiceRestart {
		p.ended = nil // it runs again
	}
	return at, true
}

func (p *program) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	at, ok := p.position(w, r)
	if !ok {
		return
	}
	c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	p.set(func() { p.open[c] = true })
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			_, m, err := c.ReadMessage()
			if err != nil {
				c.Close()
				p.set(func() { delete(p.open, c) })
				return
			}
			p.set(func() { p.got = append(p.got, string(m)) })
		}
	})
	p.each(at, c, func(_ int, m string) error {
		return c.WriteMessage(websocket.TextMessage, []byte(m))
	}, func(end *bridge.CloseWith) {
		c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(end.Code, end.Reason))
	})
	reading.Wait()
	c.Close()
}

// each calls f with every message after a number, while the connection is there, and then
// with the end.
func (p *program) each(at int, c io.Closer, f func(int, string) error, end func(*bridge.CloseWith)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.open[c] {
		switch {
		case at < len(p.messages) && !p.silent:
			m := p.messages[at]
			at++
			p.mu.Unlock()
			err := f(at, m)
			p.mu.Lock()
			if err != nil {
				return
			}
		case p.ended != nil:
			ended := p.ended
			p.mu.Unlock()
			end(ended)
			p.mu.Lock()
			return
		default:
			p.changed.Wait()
		}
	}
}

// closer is a function as an io.Closer.
type closer struct{ close func() }

func (c *closer) Close() error {
	c.close()
	return nil
}

func (p *program) serveEvents(w http.ResponseWriter, r *http.Request) {
	at, ok := p.position(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	rc := http.NewResponseController(w)
	io.WriteString(w, ":\n")
	rc.Flush()
	broken := make(chan struct{})
	c := &closer{sync.OnceFunc(func() { close(broken) })}
	p.set(func() { p.open[c] = true })
	var leaving sync.WaitGroup
	leaving.Go(func() {
		select {
		case <-r.Context().Done():
		case <-broken:
		}
		p.set(func() { delete(p.open, c) })
	})
	p.each(at, c, func(number int, m string) error {
		kind, data := "", m
		switch {
		case strings.Contains(m, "\r"):
			quoted, _ := json.Marshal(m)
			kind, data = "event: json\n", string(quoted)
		case strings.HasPrefix(m, "\x00"):
			kind, data = "event: base64\n", base64.StdEncoding.EncodeToString([]byte(m))
		}
		_, err := fmt.Fprintf(w, "id: %s:%d\n%sdata: %s\n\n", p.epoch, number, kind, strings.ReplaceAll(data, "\n", "\ndata: "))
		rc.Flush()
		return err
	}, func(end *bridge.CloseWith) {
		fmt.Fprintf(w, "id: %s:%d\nevent: end\ndata: {\"code\":%d,\"reason\":%q}\n\n", p.epoch, len(p.messages), end.Code, end.Reason)
		c.Close()
	})
	c.Close()
	leaving.Wait()
}
