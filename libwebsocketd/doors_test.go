//go:build unix

package libwebsocketd

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/stdio"
)

// doors is a Lifetime whose Supervisor is a Face of its programs and adds to the header of
// every answer.
type doors struct{}

func (doors) Check(*Program) error { return nil }

func (d doors) Serve(host *Runtime) Supervisor { return &doorman{d, host} }

type doorman struct {
	doors
	host *Runtime
}

func (d *doorman) Open(call *Attach) (Endpoint, *gate.Refusal) {
	call.Header.Add("Set-Cookie", "session="+call.Identity.User)
	own, _ := d.host.Own()
	program, refusal := d.host.Start(own)
	if refusal != nil {
		return nil, refusal
	}
	return program, nil
}

func (*doorman) Retire() {}

func (*doorman) Speaks(r *http.Request, p *Program) bool {
	return p.Name == "kept" && r.Method == http.MethodDelete
}

func (d *doorman) Serve(w http.ResponseWriter, req *Request) {
	req.Header().Set("X-Kept", req.Program().Name)
	fmt.Fprintf(w, "deleted for %q", req.Identity().User)
}

// wholeFace answers every GET with all a program says.
type wholeFace struct{}

func (wholeFace) Speaks(r *http.Request, _ *Program) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodDelete
}

func (wholeFace) Serve(w http.ResponseWriter, req *Request) {
	program, refusal := req.Open(Attach{MayStart: true})
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	defer program.Close()
	for {
		batch, err := program.Receive()
		for _, m := range batch {
			w.Write(m.Data)
		}
		if err != nil {
			return
		}
	}
}

// TestSupervisorFace: a Supervisor that is a Face is asked first about its own programs,
// other Faces after that and for all; headers of a Supervisor stand in the 101 and in the
// 200.
func TestSupervisorFace(t *testing.T) {
	t.Parallel()
	kept := echoProgram()
	kept.Name, kept.Lifetime = "kept", doors{}
	s := serve(t, Config{Programs: []Program{kept, echoProgram()}, Faces: []Face{wholeFace{}}})
	if status, body, header := s.ask(t, "DELETE /kept HTTP/1.1\nHost: HOST\nConnection: close\n\n"); status != 200 || body != `deleted for ""` || header.Get("X-Kept") != "kept" {
		t.Errorf("%d %q %v", status, body, header)
	}
	if status, body, header := s.ask(t, "DELETE /echo HTTP/1.1\nHost: HOST\nConnection: close\n\n"); status != 200 || !strings.Contains(body, "DELETE") || header.Get("Set-Cookie") != "" {
		t.Errorf("%d %q %v", status, body, header)
	}
	if status, _, header := s.ask(t, "GET /kept HTTP/1.1\nHost: HOST\nConnection: close\n\n"); status != 200 || header.Get("Set-Cookie") != "session=" {
		t.Errorf("%d %v", status, header)
	}
	if status, _, _ := s.ask(t, "GET /none HTTP/1.1\nHost: HOST\nConnection: close\n\n"); status != 404 {
		t.Errorf("a path without a program: %d", status)
	}
	c, answer, err := s.tryDial("/kept", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := answer.Header.Get("Set-Cookie"); got != "session=" {
		t.Errorf("the 101 has the cookie %q", got)
	}
}

// TestMount: a handler stands before programs, after Host, origin and credentials, and
// Shutdown waits for it.
func TestMount(t *testing.T) {
	t.Parallel()
	cfg := shell("cat")
	cfg.Origins = []string{"good.example", "file://"}
	cfg.Credentials = users()
	s := serve(t, cfg)
	in, out := make(chan struct{}), make(chan struct{})
	s.Mount("GET /api/{rest...}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("rest") == "slow" {
			close(in)
			<-out
		}
		io.WriteString(w, "api")
	}))
	for _, test := range []struct {
		request string
		status  int
	}{
		{"GET /api/x HTTP/1.1\nHost: HOST\nX-User: bob\nConnection: close\n\n", 200},
		{"GET /api/x HTTP/1.1\nHost: HOST\nConnection: close\n\n", 401},
		{"GET /api/x HTTP/1.1\nHost: HOST\nX-User: bob\nOrigin: http://bad.example\nConnection: close\n\n", 403},
		{"GET /api/x HTTP/1.1\nHost: HOST\nX-User: bob\nOrigin: http://good.example\nConnection: close\n\n", 200},
		{"GET /api/x HTTP/1.1\nHost: evil.example\nX-User: bob\nConnection: close\n\n", 421},
		{"GET /other HTTP/1.1\nHost: HOST\nX-User: bob\nConnection: close\n\n", 404},
	} {
		if status, body, header := s.ask(t, test.request); status != test.status || status == 200 && body != "api" || status == 401 && header.Get("Www-Authenticate") != `Basic realm="websocketd", charset="UTF-8"` {
			t.Errorf("%q: %d %q %v", test.request, status, body, header)
		}
	}
	answered := make(chan string, 1)
	go func() {
		_, body, _ := s.ask(t, "GET /api/slow HTTP/1.1\nHost: HOST\nX-User: bob\nConnection: close\n\n")
		answered <- body
	}()
	select {
	case <-in:
	case body := <-answered:
		t.Fatalf("the slow one is answered %q at once", body)
	}
	over := make(chan error, 1)
	go func() { over <- s.Shutdown(context.Background()) }()
	testkit.Eventually(t, "the server closes", s.isClosed)
	select {
	case <-over:
		t.Error("Shutdown has not waited for the handler")
	default:
	}
	close(out)
	if body := <-answered; body != "api" {
		t.Errorf("the slow one is answered %q", body)
	}
	if err := <-over; err != nil {
		t.Error(err)
	}
}

// watcher is an Observer that records its calls.
type watcher struct {
	mu    sync.Mutex
	lines []string
}

func (w *watcher) add(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

func (w *watcher) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.lines)
}

func (w *watcher) Began(c Conversation) { w.add("began %s", c.Program) }
func (w *watcher) Ended(c Conversation) {
	w.add("ended %s %d %d: %v", c.Program, c.ToProgram.Messages, c.ToClient.Bytes, c.Cause)
}
func (w *watcher) Refused(status int) { w.add("refused %d", status) }
func (w *watcher) Started(p Process) stdio.Tap {
	w.add("started %s", p.Program)
	return nil
}
func (w *watcher) Failed(p Process, why string) { w.add("failed %s", p.Program) }
func (w *watcher) Exited(program string, ending process.Ending) {
	w.add("exited %s %s", program, ending)
}

// TestConversations: running conversations are listed with their counts, and can be ended
// from outside; the Observer is notified.
func TestConversations(t *testing.T) {
	t.Parallel()
	w := new(watcher)
	s := serve(t, Config{Observer: w, Programs: []Program{{Name: "cat", Command: []string{"/bin/cat"}}}})
	before := time.Now()
	c := s.dial(t, "/cat/x", nil)
	c.WriteMessage(websocket.TextMessage, []byte("hello"))
	mustRead(t, c, "hello")
	testkit.Eventually(t, "both directions are counted", func() bool {
		all := s.Conversations()
		return len(all) == 1 && all[0].ToClient == Tally{Messages: 1, Bytes: 5} && all[0].ToProgram == Tally{Messages: 1, Bytes: 5}
	})
	one := s.Conversations()[0]
	if one.Program != "cat" || one.Path != "/cat/x" || one.Remote != "127.0.0.1" || one.Began.Before(before) || one.User != "" {
		t.Errorf("%+v", one)
	}
	if err := syscall.Kill(one.Pid, 0); err != nil {
		t.Errorf("process %d: %v", one.Pid, err)
	}
	if s.Kick("no such", 4000, "x") {
		t.Error("something was kicked")
	}
	if !s.Kick(one.ID, 4321, "enough") {
		t.Error("nothing was kicked")
	}
	mustEnd(t, c, 4321, "enough")
	if _, answer, _ := s.tryDial("/none", nil); answer == nil || answer.StatusCode != 404 {
		t.Errorf("%v", answer)
	}
	testkit.Eventually(t, "the Observer knows all", func() bool { return len(w.all()) == 5 })
	want := []string{"began cat", "ended cat 1 5: closed with 4321: enough", "exited cat exit status 0", "refused 404", "started cat"}
	if got := slices.Sorted(slices.Values(w.all())); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if all := s.Conversations(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

// TestCloseBy: a program is ended by another ladder, with its input open, or signalled.
func TestCloseBy(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{Programs: []Program{{Name: "p", Command: []string{"/bin/sh", "-c",
		`trap 'echo usr1' USR1; trap 'echo term; exit 7' TERM; trap '' INT; echo ready; while :; do sleep 600 & wait; done`}}}})
	to, refusal := s.routePath("/p")
	if refusal != nil {
		t.Fatal(refusal)
	}
	host := &Runtime{server: s.Server, program: to.program}
	own, _ := host.Own()
	program, refusal := host.Start(own)
	if refusal != nil {
		t.Fatal(refusal)
	}
	said := func(want string) {
		t.Helper()
		if batch, err := program.Receive(); err != nil || len(batch) != 1 || string(batch[0].Data) != want {
			t.Fatalf("%v, %v, want %s", batch, err, want)
		}
	}
	said("ready")
	program.Signal(syscall.SIGUSR1)
	said("usr1")
	closed := make(chan error, 1)
	go func() {
		closed <- program.CloseBy(process.Ladder{{Do: process.Terminate, Wait: time.Hour}, {Do: process.Kill}})
	}()
	said("term")
	if _, err := program.Receive(); err == nil || err.Error() != "exit status 7" {
		t.Errorf("%v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// keeper is a Lifetime whose program says two messages and ends when a test lets it, and
// that asks what its clients have.
type keeper struct {
	doors
	heard chan string
	end   chan struct{}
}

func (k keeper) Serve(*Runtime) Supervisor { return k }
func (keeper) Retire()                     {}

func (k keeper) Open(*Attach) (Endpoint, *gate.Refusal) {
	chunk := NewChunk([]Message{{Kind: Text, Data: []byte("a")}, {Kind: Text, Data: []byte("b")}})
	return &kept{keeper: k, deliveries: []Delivery{{Chunk: chunk, First: 7}}, left: make(chan struct{})}, nil
}

// kept is a Confirmer. What the client says is dropped.
type kept struct {
	keeper
	deliveries []Delivery
	once       sync.Once
	left       chan struct{}
}

func (k *kept) Epoch() string                         { return "e" }
func (k *kept) After() uint64                         { return 6 }
func (k *kept) Watch(func() (count int64, rest bool)) {}
func (k *kept) Receive() ([]Message, error)           { panic("a Broadcast is asked for Deliveries") }
func (k *kept) Send([]Message) error                  { return nil }
func (k *kept) CloseSend(error) error                 { return nil }
func (k *kept) Context() context.Context              { return context.Background() }
func (k *kept) Confirm(number uint64)                 { k.heard <- fmt.Sprint(number) }
func (k *kept) ConfirmEnd()                           { k.heard <- "end" }
func (k *kept) ConfirmEvery() int                     { return 1 << 10 }

func (k *kept) Deliveries() (next []Delivery, err error) {
	if next, k.deliveries = k.deliveries, nil; next != nil {
		return next, nil
	}
	select {
	case <-k.end:
		return nil, &EndedError{Ending: process.Ending{Code: 3}}
	case <-k.left:
		return nil, &CloseWith{Code: CloseNormal}
	}
}

func (k *kept) Close() error {
	k.once.Do(func() { close(k.left) })
	return nil
}

// TestConfirmer: a program that asks what a WebSocket client has hears it, and that the
// client was told the end. It hears nothing of the end from one that leaves before.
func TestConfirmer(t *testing.T) {
	t.Parallel()
	k := keeper{heard: make(chan string, 10), end: make(chan struct{})}
	s := serve(t, Config{Programs: []Program{{Name: "kept", Command: []string{"/bin/cat"}, Settings: Settings{Lifetime: k}}}})
	leaver := s.dial(t, "/kept", nil)
	mustRead(t, leaver, "a")
	mustRead(t, leaver, "b")
	leaver.WriteMessage(websocket.CloseMessage, nil)
	mustEnd(t, leaver, 1005, "")
	c := s.dial(t, "/kept", nil)
	mustRead(t, c, "a")
	mustRead(t, c, "b")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		mustEnd(t, c, 4003, "exit status 3")
	}()
	if got := <-k.heard; got != "8" {
		t.Errorf("it hears %s", got)
	}
	close(k.end)
	if got := <-k.heard; got != "end" {
		t.Errorf("it hears %s", got)
	}
	<-ended
	if len(k.heard) > 0 {
		t.Errorf("it hears %s more", <-k.heard)
	}
}
