package poll

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
)

// TestMain fails the package when a goroutine is left behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long something may take that happens at once on an idle machine.
const patience = 2 * time.Minute

var errLeft = errors.New("left")

var exit3 = &libwebsocketd.EndedError{Ending: process.Ending{Code: 3}}

// near is a program of many clients that says what a test gives it.
type near struct {
	before uint64
	says   chan []libwebsocketd.Delivery
	ending error // behind what it says, when says is closed
	late   error // when it is closed; nil is errLeft
	takes  func(near *near) error

	mu     sync.Mutex
	got    []libwebsocketd.Message
	once   sync.Once
	closed chan struct{}
}

func newNear(deliveries ...libwebsocketd.Delivery) *near {
	n := &near{says: make(chan []libwebsocketd.Delivery, 10), closed: make(chan struct{})}
	if len(deliveries) > 0 {
		n.says <- deliveries
	}
	return n
}

// ends makes it end with err, behind what it was given to say.
func (n *near) ends(err error) *near {
	n.ending = err
	close(n.says)
	return n
}

func (n *near) Epoch() string { return "epoch" }

func (n *near) Watch(func() (int64, bool)) {}
func (n *near) After() uint64              { return n.before }

func (n *near) Deliveries() ([]libwebsocketd.Delivery, error) {
	select {
	case d, ok := <-n.says:
		if !ok {
			return nil, n.ending
		}
		return d, nil
	case <-n.closed:
		return nil, cmp.Or(n.late, errLeft)
	}
}

func (n *near) Receive() ([]libwebsocketd.Message, error) {
	panic("a Broadcast is asked for Deliveries")
}

func (n *near) Send(batch []libwebsocketd.Message) error {
	if n.takes != nil {
		if err := n.takes(n); err != nil {
			return err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range batch {
		m.Data = append([]byte(nil), m.Data...)
		n.got = append(n.got, m)
	}
	return nil
}

func (n *near) CloseSend(error) error    { return nil }
func (n *near) Context() context.Context { return context.Background() }
func (n *near) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

// life is a Lifetime whose programs are a test's.
type life struct {
	open func(*libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal)
}

func (l life) Check(*libwebsocketd.Program) error                    { return nil }
func (l life) Serve(*libwebsocketd.Runtime) libwebsocketd.Supervisor { return l }
func (l life) Retire()                                               {}
func (l life) Open(call *libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal) {
	return l.open(call)
}

// serve is a server of one program with a Face. It ends with the test.
func serve(t *testing.T, p libwebsocketd.Program) (*libwebsocketd.Server, string) {
	t.Helper()
	p.Name, p.Path, p.Command = "test", "/", []string{"/bin/cat"}
	s, err := libwebsocketd.New(libwebsocketd.Config{Programs: []libwebsocketd.Program{p}, Faces: []libwebsocketd.Face{New()}})
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(s)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		ts.Close()
	})
	return s, ts.URL
}

// serveNear is serve of a program that is n.
func serveNear(t *testing.T, n *near) string {
	t.Helper()
	_, url := serve(t, libwebsocketd.Program{Settings: libwebsocketd.Settings{Lifetime: life{func(*libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal) { return n, nil }}}})
	return url
}

// reply is an answer that was read to its end.
type reply struct {
	*http.Response
	body string
}

// request makes one; headers are "Name: value".
func request(t *testing.T, method, url, body string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func do(t *testing.T, r *http.Request) reply {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport, Timeout: patience}).Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	return reply{resp, string(body)}
}

func texts(s ...string) *libwebsocketd.Chunk {
	var batch []libwebsocketd.Message
	for _, data := range s {
		batch = append(batch, libwebsocketd.Message{Kind: libwebsocketd.Text, Data: []byte(data)})
	}
	return libwebsocketd.NewChunk(batch)
}

func binary(s string) *libwebsocketd.Chunk {
	return libwebsocketd.NewChunk([]libwebsocketd.Message{{Kind: libwebsocketd.Binary, Data: []byte(s)}})
}
