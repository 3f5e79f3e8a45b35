//go:build unix

package libwebsocketd

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/ws"
)

// runner is a Dialect as small as can be: each text message is arguments for the program
// at its path, whose output is one binary message; "stop" ends.
type runner struct{ pongs chan string }

func (runner) Speaks(r *http.Request, _ *Program) bool {
	return slices.Contains(Subprotocols(r), "run-1")
}

func (d runner) Accept(req *Request) (Acceptance, *gate.Refusal) {
	if req.HTTP.URL.Query().Has("no") {
		return Acceptance{}, &gate.Refusal{Status: http.StatusUnauthorized, Reason: "not you", Header: http.Header{"Www-Authenticate": {"Bearer"}}}
	}
	req.Header().Set("X-Early", "yes")
	if _, refusal := req.Open(Attach{MayStart: true}); refusal == nil || refusal.Status != http.StatusNotFound {
		return Acceptance{}, &gate.Refusal{Status: http.StatusTeapot, Reason: "there is a program"}
	}
	return Acceptance{Protocol: "run-1", Header: http.Header{"X-Run": {"yes"}}, Pong: func(payload []byte) { d.pongs <- string(payload) }}, nil
}

func (d runner) Serve(req *Request, client *ws.Endpoint) {
	client.Ping([]byte("are you there"))
	if err := req.HTTP.Context().Err(); err != nil {
		client.Send([]Message{{Kind: Text, Data: []byte("the request's Context: " + err.Error())}})
	}
	for {
		batch, err := client.Receive()
		if err != nil {
			return
		}
		for _, m := range batch {
			if string(m.Data) == "stop" {
				return
			}
			client.Send([]Message{d.run(req, string(m.Data))})
		}
	}
}

func (runner) run(req *Request, args string) Message {
	at, refusal := req.At("/echo")
	if refusal != nil {
		return Message{Kind: Text, Data: []byte(refusal.Text())}
	}
	target, _ := at.Runtime().Own()
	program, refusal := at.Runtime().StartFor(Start{Target: target, Args: strings.Fields(args), For: req, Env: []string{"MORE=1", "REMOTE_ADDR=none"}})
	if refusal != nil {
		return Message{Kind: Text, Data: []byte(refusal.Text())}
	}
	var said []byte
	for {
		batch, err := program.Receive()
		for _, m := range batch {
			said = append(append(said, m.Data...), ';')
		}
		if err != nil {
			program.Close()
			return Message{Kind: Binary, Data: said}
		}
	}
}

func echoProgram() Program {
	return Program{Name: "echo", Command: []string{"/bin/sh", "-c", `echo "$@ $REQUEST_METHOD $QUERY_STRING $MORE $REMOTE_ADDR $REMOTE_USER $AUTH_TYPE"`, "sh"}}
}

// TestDialect: a Dialect gets the connection before a program is opened, and takes both
// kinds. It starts programs with arguments and with the request's environment, sends
// pings, gets pongs, and opens other paths.
func TestDialect(t *testing.T) {
	t.Parallel()
	d := runner{make(chan string, 1)}
	cfg := Config{Programs: []Program{echoProgram()}, Dialects: []Dialect{d}, HeaderWS: http.Header{"X-All": {"yes"}}}
	cfg.Credentials = users()
	s := serve(t, cfg)
	speaks := http.Header{"Sec-WebSocket-Protocol": {"other, run-1"}, "X-User": {"ann"}}
	c, answer, err := s.tryDial("/nowhere?a=b", speaks)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.Subprotocol() != "run-1" || answer.Header.Get("X-Run") != "yes" || answer.Header.Get("X-Early") != "yes" || answer.Header.Get("X-All") != "yes" {
		t.Errorf("the 101 has %v", answer.Header)
	}
	c.WriteMessage(websocket.TextMessage, []byte("x y"))
	if kind, got, err := c.ReadMessage(); kind != websocket.BinaryMessage || string(got) != "x y GET a=b 1 none ann Test;" || err != nil {
		t.Errorf("%d %q, %v", kind, got, err)
	}
	if got := <-d.pongs; got != "are you there" {
		t.Errorf("the pong says %q", got)
	}
	if all := s.Conversations(); len(all) != 1 || all[0].User != "ann" || all[0].Path != "/nowhere" || all[0].Program != "" {
		t.Errorf("%+v", all)
	}
	c.WriteMessage(websocket.BinaryMessage, []byte("stop"))
	mustEnd(t, c, 1000, "")
	if _, answer, _ := s.tryDial("/?no", speaks); answer == nil || answer.StatusCode != 401 || answer.Header.Get("Www-Authenticate") != "Bearer" {
		t.Errorf("refused by %+v", answer)
	}
	other := s.dial(t, "/echo", http.Header{"X-User": {"ann"}}) // no dialect
	mustRead(t, other, " GET   127.0.0.1 ann Test")
}

// TestDialectGoesAway: Shutdown ends its Context, the client gets 1001, and the Observer
// the cause.
func TestDialectGoesAway(t *testing.T) {
	t.Parallel()
	d, w := runner{make(chan string, 1)}, new(watcher)
	s := serve(t, Config{Observer: w, Dialects: []Dialect{waits{d}}})
	c := s.dial(t, "/", http.Header{"Sec-WebSocket-Protocol": {"run-1"}})
	testkit.Eventually(t, "the conversation is known", func() bool { return len(s.Conversations()) == 1 })
	over := make(chan error, 1)
	go func() { over <- s.Shutdown(context.Background()) }()
	mustEnd(t, c, 1001, "server is going away")
	if err := <-over; err != nil {
		t.Error(err)
	}
	if got := w.all(); !slices.Equal(got, []string{"began ", "ended  0 0: server is going away"}) {
		t.Errorf("%q", got)
	}
}

// waits is a Dialect that does nothing until it is to end.
type waits struct{ runner }

func (waits) Serve(_ *Request, client *ws.Endpoint) {
	<-client.Context().Done()
}

// confirming is a Broadcast of one message, which records what clients confirm.
type confirming struct {
	bridge.Broadcast
	heard chan uint64
}

func (c *confirming) Confirm(number uint64) { c.heard <- number }
func (c *confirming) ConfirmEnd()           {}
func (c *confirming) ConfirmEvery() int     { return 1 }

// acks is a client of a protocol in which "ack N" confirms.
type acks struct {
	*ws.Endpoint
	program bridge.Confirmer
}

func (a *acks) Receive() ([]Message, error) {
	batch, err := a.Endpoint.Receive()
	return slices.DeleteFunc(batch, func(m Message) bool {
		number, ok := strings.CutPrefix(string(m.Data), "ack ")
		if n, bad := strconv.ParseUint(number, 10, 64); ok && bad == nil {
			a.program.Confirm(n)
			return true
		}
		return false
	}), err
}

// confirms is a Dialect whose clients confirm.
type confirms struct {
	runner
	heard chan uint64
}

func (c confirms) Serve(_ *Request, client *ws.Endpoint) {
	a := &acks{client, &confirming{heard: c.heard}}
	for {
		batch, err := a.Receive()
		if err != nil {
			return
		}
		a.Send(batch)
	}
}

// TestConfirm: the program's side gets what a client confirms, apart from what the client's
// system has acknowledged.
func TestConfirm(t *testing.T) {
	t.Parallel()
	heard := make(chan uint64, 1)
	s := serve(t, Config{Programs: []Program{echoProgram()}, Dialects: []Dialect{confirms{runner{make(chan string, 1)}, heard}}})
	c := s.dial(t, "/", http.Header{"Sec-WebSocket-Protocol": {"run-1"}})
	c.WriteMessage(websocket.TextMessage, []byte("ack 17"))
	c.WriteMessage(websocket.TextMessage, []byte("hello"))
	mustRead(t, c, "hello")
	if n := <-heard; n != 17 {
		t.Errorf("confirmed %d", n)
	}
}

// elsewhere is a Dialect that says whether its client may go to another path.
type elsewhere struct{}

func (elsewhere) Speaks(r *http.Request, p *Program) bool { return p != nil && p.Name == "theirs" }

func (elsewhere) Accept(*Request) (Acceptance, *gate.Refusal) { return Acceptance{}, nil }

func (elsewhere) Serve(req *Request, client *ws.Endpoint) {
	says := "yes"
	if _, refusal := req.At("/echo"); refusal != nil {
		says = strconv.Itoa(refusal.Status)
	}
	client.Send([]Message{{Kind: Text, Data: []byte(says)}})
}

// TestDialectHost: the host that one program trusts leads from that to no other one.
func TestDialectHost(t *testing.T) {
	t.Parallel()
	theirs := Program{Name: "theirs", Command: []string{"/bin/cat"}, Settings: Settings{Origins: []string{"trusted.example", "file://"}}}
	s := serve(t, Config{Programs: []Program{echoProgram(), theirs}, Dialects: []Dialect{elsewhere{}}})
	for host, want := range map[string]string{"localhost": "yes", "trusted.example": "421"} {
		c, _, err := s.tryDial("/theirs", http.Header{"Host": {host}})
		if err != nil {
			t.Fatal(host, err)
		}
		defer c.Close()
		if _, got, err := c.ReadMessage(); string(got) != want || err != nil {
			t.Errorf("%s: %q, %v, expected %s", host, got, err, want)
		}
	}
}
