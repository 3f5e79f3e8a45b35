package pow

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
)

// bubble runs a test with fake time, on a server of functions that is asked without a network.
// Its launcher is outside: in the bubble it would wait for processes, which is no waiting that
// lets the time go on.
func bubble(t *testing.T, o Options, f func(t *testing.T, f *face)) {
	t.Parallel()
	launcher, err := process.NewLauncher(process.LauncherOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer launcher.Close()
	synctest.Test(t, func(t *testing.T) { f(t, newFace(t, o, launcher)) })
}

// face is a server of pow-1 that is asked without a network.
type face struct {
	t *testing.T
	*Handler
	server *libwebsocketd.Server
}

// newFace returns a server that is shut down at the end.
func newFace(t *testing.T, o Options, launcher *process.Launcher) *face {
	t.Helper()
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	f := &face{t: t, Handler: h}
	f.server, err = libwebsocketd.New(libwebsocketd.Config{
		Programs: []libwebsocketd.Program{{Name: "cat", Command: []string{"/bin/cat"}}},
		Launcher: launcher,
		Dialects: []libwebsocketd.Dialect{h},
		Mounts:   h.Mounts(),
		Logger:   slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.shutdown)
	return f
}

func (f *face) shutdown() {
	if err := f.server.Shutdown(context.Background()); err != nil {
		f.t.Errorf("Shutdown: %v", err)
	}
}

// ask returns the answer to a request for a path below the base.
func (f *face) ask(method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	f.server.ServeHTTP(w, httptest.NewRequest(method, "http://127.0.0.1"+f.o.Base+path, strings.NewReader(body)))
	return w
}

// expect asks, and checks the answer.
func (f *face) expect(method, path, body string, status int, want string) {
	f.t.Helper()
	if w := f.ask(method, path, body); w.Code != status || w.Body.String() != want {
		f.t.Errorf("%s %s: %d %q, want %d %q", method, path, w.Code, w.Body, status, want)
	}
}

// call makes a call of a function, and returns its id.
func (f *face) call(name string, params ...string) (id string) {
	f.t.Helper()
	body, _ := json.Marshal(map[string]any{"call": name, "params": params})
	w := f.ask("POST", "new", string(body))
	if w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &id) != nil {
		f.t.Fatalf("new: %d %s", w.Code, w.Body)
	}
	return id
}

// status returns the answer to status, and false if there is no such call.
func (f *face) status(id string) (s status, ok bool) {
	f.t.Helper()
	w := f.ask("GET", "status/"+id, "")
	if w.Code == http.StatusNotFound {
		return s, false
	}
	if err := json.Unmarshal(w.Body.Bytes(), &s); w.Code != http.StatusOK || err != nil {
		f.t.Fatalf("status: %d %s", w.Code, w.Body)
	}
	return s, true
}

// echo copies its input, and returns the parameters.
func echo(_ context.Context, stdin io.Reader, stdout io.Writer, params ...string) (any, error) {
	_, err := io.Copy(stdout, stdin)
	return params, err
}

// waits waits until it is asked to end, and returns why.
func waits(ctx context.Context, _ io.Reader, _ io.Writer, _ ...string) (any, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}
