package pow

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/stdio"
)

// watcher is an Observer that records what it is told of processes.
type watcher struct {
	mu    sync.Mutex
	lines []string
}

func (w *watcher) add(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

func (w *watcher) all() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.lines, "|")
}

func (w *watcher) Began(libwebsocketd.Conversation)     {}
func (w *watcher) Ended(libwebsocketd.Conversation)     {}
func (w *watcher) Refused(int)                          {}
func (w *watcher) Exited(string, process.Ending)        {}
func (w *watcher) Failed(libwebsocketd.Process, string) {}

func (w *watcher) Started(p libwebsocketd.Process) stdio.Tap {
	w.add("%s of %s", p.ID, p.Program)
	return (*watched)(w)
}

// watched is the Tap of a process.
type watched watcher

func (w *watched) Output(batch []bridge.Message) {
	for _, m := range batch {
		(*watcher)(w).add("%s", m.Data)
	}
}
func (w *watched) Stderr(line []byte)          { (*watcher)(w).add("! %s", line) }
func (w *watched) Ended(ending process.Ending) { (*watcher)(w).add("%s", ending) }

// TestObserver: whoever follows the process of a call gets lines, and knows the call by the ID of
// the request that has made it: never by the one that is the key to it, which the log does not
// have either.
func TestObserver(t *testing.T) {
	t.Parallel()
	w, log := new(watcher), new(bytes.Buffer)
	s := serve(t, Options{}, func(c *libwebsocketd.Config) {
		c.Observer, c.Logger = w, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.Level(-100)}))
		c.Programs = []libwebsocketd.Program{{Name: "p", Path: "/p", Command: []string{"/bin/sh", "-c", `printf "$UNIQUE_ID"; sleep 0.1; printf '\n1'; sleep 0.1; printf '2\n3'; exit 4`}}}
	})
	c := s.call(`{"call":"p"}`)
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			break
		}
	}
	id, _, _ := strings.Cut(w.all(), " ")
	testkit.Eventually(t, "the call is followed", func() bool { return w.all() == id+" of p|"+id+"|12|3|exit status 4" })

	w.mu.Lock()
	w.lines = nil
	w.mu.Unlock()
	answer, err := http.Post("http"+strings.TrimPrefix(s.url, "ws")+"new", "application/json", strings.NewReader(`{"call":"p"}`))
	if err != nil {
		t.Fatal(err)
	}
	key, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	testkit.Eventually(t, "the call over HTTP is followed", func() bool {
		id, _, _ = strings.Cut(w.all(), " ")
		return len(id) > 8 && w.all() == id+" of p|"+id+"|12|3|exit status 4"
	})
	secret := strings.Trim(string(key), "\"\n")
	s.shutdown() // nothing is logged any more
	if len(secret) != 36 || strings.Contains(w.all(), secret) || strings.Contains(log.String(), secret) {
		t.Errorf("the key %s is in %s or in the log:\n%s", secret, w.all(), log)
	}
	if !strings.Contains(log.String(), id) || !strings.Contains(log.String(), "call="+secret[:8]) {
		t.Errorf("the log does not say that %s is %s:\n%s", id, secret[:8], log)
	}
}
