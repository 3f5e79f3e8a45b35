package shared

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
)

// pidProgram is a fakeProgram that has a pid.
type pidProgram struct{ *fakeProgram }

func (pidProgram) Pid() int { return 7 }

// TestState: what is told of a hub, from its first process to what is kept after its end.
func TestState(t *testing.T) {
	t.Parallel()
	s, p := newStage(t, Lifetime{History: 1, Linger: time.Hour}, false)
	viewer := s.viewer("/")
	s.viewer("/", func(call *libwebsocketd.Attach) { call.SendOnly = true })
	s.running.Go(func() { s.Hub.run(pidProgram{p}) })
	p.says <- texts("one", "two")
	expect(t, viewer, "1:one 2:two")
	p.says <- texts("three")
	expect(t, viewer, "3:three")
	tells := func(want string) {
		t.Helper()
		got, _ := json.Marshal(s.State())
		if want = `{"lifetime":"shared",` + want + `}`; string(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	epoch := `"epoch":"` + s.Epoch() + `"`
	tells(`"pid":7,"viewers":1,"first":3,"last":3,` + epoch + `,"ended":null`)
	p.end(process.Ending{Code: 3})
	<-s.Done()
	tells(`"pid":0,"viewers":1,"first":3,"last":3,` + epoch + `,"ended":{"code":4003,"reason":"exit status 3"}`)
}

// TestIsKept: no client is attached to a process that is being ended, nor when its output is
// lost.
func TestIsKept(t *testing.T) {
	t.Parallel()
	s, _ := newStage(t, Lifetime{}, false)
	if !s.IsKept() {
		t.Error("it runs")
	}
	s.End()
	if s.IsKept() {
		t.Error("it is being ended")
	}
	s.run()
	s.running.Wait()
	if s.IsKept() {
		t.Error("it has ended and is not kept")
	}
}

// TestStateOf: the state of a URL is told before its process, while that runs, and when it
// has ended as long as its output is kept. To ask starts nothing.
func TestStateOf(t *testing.T) {
	t.Parallel()
	s := serveScript(t, `echo $$; read line; exit 3`, Lifetime{Linger: 2 * time.Minute})
	ask := func(want string) (got State) {
		t.Helper()
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "http"+strings.TrimPrefix(s.url, "ws")+"/a?state", nil)
		r.Header.Set("Accept", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		if json.Unmarshal(body, &got); answer.StatusCode != http.StatusOK || want != "" && string(body) != want+"\n" {
			t.Errorf("%d %s, want %s", answer.StatusCode, body, want)
		}
		return got
	}
	const nothing = `{"lifetime":"shared","epoch":null}`
	ask(nothing)
	s.dial(t, "/b")
	ask(nothing)
	c := s.dial(t, "/a?x")
	pid, _ := strconv.Atoi(read(t, c))
	now := ask("")
	if want := (State{Lifetime: "shared", Pid: pid, Viewers: 1, First: 1, Last: 1, Epoch: now.Epoch}); pid == 0 || now.Epoch == "" || now != want {
		t.Errorf("%+v, want %+v", now, want)
	}
	c.WriteMessage(websocket.TextMessage, []byte("end"))
	read(t, c)
	then := ask("")
	if then.Ended == nil || *then.Ended != (Ended{4003, "exit status 3"}) || then.Pid != 0 || then.Epoch != now.Epoch || then.Last != 1 {
		t.Errorf("%+v", then)
	}
	if got := s.refused(t, "/a?after="+then.Epoch+":0", nil); got != 101 {
		t.Errorf("what is kept is refused: %d", got)
	}
}
