package mcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// resumed is a client that reads the stream of one call, over many connections.
type resumed struct {
	*peer
	last     string // id of the last event
	progress []int
	response string
}

// take takes what an event brings.
func (r *resumed) take(e event) error {
	if e.id != "" {
		r.last = e.id
	}
	if e.data == "" {
		return nil
	}
	var m envelope
	if err := json.Unmarshal([]byte(e.data), &m); err != nil {
		return fmt.Errorf("%w: %.200q", err, e.data)
	}
	if m.Method == "" {
		r.response = e.data
		return nil
	}
	var params struct{ Progress int }
	json.Unmarshal(m.Params, &params)
	r.progress = append(r.progress, params.Progress)
	return nil
}

// read reads events until the response has come, most have come, or the connection breaks.
func (r *resumed) read(s *stream, most int) error {
	defer s.Body.Close()
	for n := 0; n < most && r.response == ""; n++ {
		e, err := s.next()
		if err != nil {
			return nil // broken, or told to come again
		}
		if err := r.take(e); err != nil {
			return err
		}
	}
	return nil
}

// check checks that each of n has come once and in order, and the response at the end.
func (r *resumed) check(t *testing.T, n int) {
	t.Helper()
	want := make([]int, n)
	for i := range want {
		want[i] = i + 1
	}
	if !slices.Equal(r.progress, want) {
		t.Errorf("%d of %d came: %v", len(r.progress), n, r.progress)
	}
	if e := parse(t, r.response); string(e.ID) != "1" || e.Result == nil {
		t.Errorf("the response: %s", r.response)
	}
}

const events = 1000

// A client that leaves the stream of its call twenty times gets each of a thousand events
// once, and the response.
func TestLeavesAndResumes(t *testing.T) {
	t.Parallel()
	s := scripted(t)
	r := &resumed{peer: legacyPeer(t, s)}
	stream := r.send(r.toolProgress("1", "1", "progress", fmt.Sprintf(`"n":%d,"pause":1`, events)))
	cuts := 0
	for r.response == "" {
		most := events
		if cuts < 20 {
			most = 1 + rand.IntN(events/20-1) // all of them are fewer than there are
		}
		if err := r.read(stream, most); err != nil {
			t.Fatal(err)
		}
		if r.response == "" {
			stream = r.get(r.last)
			cuts++
		}
	}
	r.check(t, events)
	if cuts < 20 {
		t.Errorf("it came back %d times only", cuts)
	}
	if seen := r.seen(`"progress"`); len(seen) != 1 {
		t.Errorf("the call came %d times to the process", len(seen))
	}
}

// A client that is cut off twenty times, at any byte, likewise.
func TestCutOffAndResumes(t *testing.T) {
	t.Parallel()
	s := scripted(t)
	proxy := harness.NewProxy(t, s.Addr)
	r := &resumed{peer: legacyPeer(t, s)}
	r.url = "http://" + proxy.Addr + "/"
	cut := func() {
		const header = 1000 // bytes at most, of the first of which a client has nothing to come back with
		proxy.After(header+rand.IntN(3000), []harness.Fault{harness.Reset, harness.EndToClient}[rand.IntN(2)])
	}
	cut()
	stream := r.send(r.toolProgress("1", "1", "progress", fmt.Sprintf(`"n":%d,"pause":1`, events)))
	for n := range 20 {
		if err := r.read(stream, events); err != nil {
			t.Fatal(err)
		}
		harness.Until(t, "the fault has struck", func() bool { return proxy.Struck() > n })
		if n < 19 {
			cut()
		}
		stream = r.again(t)
	}
	if err := r.read(stream, 2*events); err != nil {
		t.Fatal(err)
	}
	r.check(t, events)
	if proxy.Struck() != 20 {
		t.Errorf("it was cut off %d times", proxy.Struck())
	}
}

// await reads an event that has an id.
func (r *resumed) await(t *testing.T, s *stream) {
	t.Helper()
	for before := r.last; r.last == before; {
		e, err := s.next()
		if err == nil {
			err = r.take(e)
		}
		if err != nil {
			t.Fatalf("behind %d events: %v", len(r.progress), err)
		}
	}
}

// again goes on behind the last event. A fault that is late may strike the request itself.
func (r *resumed) again(t *testing.T) (s *stream) {
	t.Helper()
	harness.Until(t, "the client comes back", func() bool {
		request := r.bare("GET", "")
		request.Header.Set("Accept", eventStream)
		request.Header.Set("Last-Event-ID", r.last)
		var err error
		s, err = r.try(request)
		return err == nil
	})
	if s.StatusCode != 200 {
		t.Fatalf("behind %s: status %d", r.last, s.StatusCode)
	}
	return s
}

// A client that comes back late gets what it missed of its stream, and nothing of others;
// the ids of all streams of a session differ.
func TestReplayOfOneStream(t *testing.T) {
	t.Parallel()
	p := legacyPeer(t, scripted(t))
	standing := p.get("")
	prime, err := standing.next()
	if err != nil || prime.id == "" || prime.data != "" {
		t.Fatalf("%+v %v", prime, err)
	}
	ids := map[string]bool{prime.id: true}
	calls := make([]*resumed, 3)
	for i := range calls {
		r := &resumed{peer: p}
		s := p.send(p.toolProgress("1", "1", "progress", fmt.Sprintf(`"n":%d,"payload":"of %d"`, 20+i, i)))
		for range 10 {
			e, err := s.next()
			if err != nil || e.id == "" || ids[e.id] || r.take(e) != nil {
				t.Fatalf("%+v %v", e, err)
			}
			ids[e.id] = true
		}
		s.Body.Close()
		calls[i] = r
	}
	p.call("say", `"before":["{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/list_changed\"}"]`)
	for i, r := range calls {
		if err := r.read(p.get(r.last), events); err != nil {
			t.Fatal(err)
		}
		if r.check(t, 20+i); !strings.Contains(r.response, fmt.Sprintf(`"payload":"of %d"`, i)) {
			t.Errorf("%d: %s", i, r.response)
		}
	}
	if m := standing.message(); !strings.Contains(m, "list_changed") {
		t.Errorf("%s", m)
	}
}

// A stream that was left before its first event has its response kept for those who know
// what to ask for; an id of nothing is refused, and the session goes on.
func TestUnknownEventID(t *testing.T) {
	t.Parallel()
	p := legacyPeer(t, scripted(t))
	for _, id := range []string{"nonsense", "a:b:c", "0:0:0", ":::", "ffffffff:99:1", strings.Repeat("9", 1000)} {
		request := p.bare("GET", "")
		request.Header.Set("Accept", eventStream)
		request.Header.Set("Last-Event-ID", id)
		s, err := p.try(request)
		if err != nil {
			t.Fatal(err)
		}
		if s.StatusCode == 200 {
			e, err := s.next() // a stream of the session, as if nothing had been asked for
			if err != nil && !errors.Is(err, io.EOF) || e.data != "" {
				t.Errorf("%.30s: %+v %v", id, e, err)
			}
		} else if s.StatusCode >= 500 {
			t.Errorf("%.30s: %d", id, s.StatusCode)
		}
		s.Body.Close()
	}
	if got := p.call("echo", `"payload":1`); got != "1" {
		t.Error(got)
	}
}
