package shared

import (
	"net/http/httptest"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
)

// keepingLast opens a hub that has messages 3 to 5 of its process.
func keepingLast(t *testing.T, strict bool) (*stage, *fakeProgram) {
	t.Helper()
	s, p := newStage(t, Lifetime{Start: StartEager, History: 3 * (3 + overhead)}, strict)
	s.run()
	for _, word := range []string{"a", "b", "c", "d", "e"} {
		p.says <- texts(word)
	}
	for kept := uint64(0); kept < 5; _, kept = s.output.Kept() { // the last output is on its way
		s.viewer("/").Deliveries()
	}
	return s, p
}

// TestGapWithoutNote: a viewer that may miss messages, but cannot be sent a note of them,
// goes on with the oldest message that is kept.
func TestGapWithoutNote(t *testing.T) {
	t.Parallel()
	s, p := keepingLast(t, true)
	expect(t, s.viewer("/?after=0&gap=ok"), "3:c 4:d 5:e")
	expect(t, s.viewer("/?after=3&gap=ok"), "4:d 5:e")
	expect(t, s.viewer("/?after=0&gap=ok", func(c *libwebsocketd.Attach) { c.OutOfBand = true }), "3:[websocketd: 2 messages dropped] 3:c 4:d 5:e")
	s.Marks = true // as a session of lines
	expect(t, s.viewer("/?after=0&gap=ok"), "3:[websocketd: 2 messages dropped] 3:c 4:d 5:e")
	expect(t, s.viewer("/?after=0&gap=ok&notes=no"), "3:c 4:d 5:e")
	p.end(process.Ending{})
}

// TestStart is the table of where viewers want to begin.
func TestStart(t *testing.T) {
	t.Parallel()
	s, p := keepingLast(t, false)
	epoch := s.output.Epoch()
	for _, test := range []struct {
		query, id string
		status    int
		resumes   bool
		gets      string
	}{
		{"", "", 0, false, "3:c 4:d 5:e"},
		{"?x=1", "", 0, false, "3:c 4:d 5:e"},
		{"?after=0", "", 410, false, ""},
		{"?after=1", "", 410, true, ""},
		{"?after=0&gap=ok", "", 0, false, "3:[websocketd: 2 messages dropped] 3:c 4:d 5:e"},
		{"?after=1&gap=ok", "", 0, true, "3:[websocketd: 1 messages dropped] 3:c 4:d 5:e"},
		{"?after=2", "", 0, true, "3:c 4:d 5:e"},
		{"?after=4", "", 0, true, "5:e"},
		{"?after=" + epoch + ":4", "", 0, true, "5:e"},
		{"?after=" + epoch + ":0", "", 410, true, ""},
		{"?after=other:4", "", 410, true, ""},
		{"?after=", "", 400, false, ""},
		{"?after=-1", "", 400, false, ""},
		{"?after=x", "", 400, false, ""},
		{"?after=ack", "", 400, true, ""},
		{"?after=1:2:3", "", 400, false, ""},
		{"", epoch + ":3", 0, true, "4:d 5:e"},
		{"?after=4", epoch + ":3", 0, true, "4:d 5:e"}, // Last-Event-ID wins
		{"?after=x", epoch + ":3", 0, true, "4:d 5:e"},
		{"", epoch + ":0", 410, true, ""},
		{"", "other:3", 204, true, ""},
		{"", "nonsense", 204, false, ""},
		{"?after=4", "nonsense", 204, false, ""},
	} {
		r := httptest.NewRequest("GET", "/"+test.query, nil)
		if test.id != "" {
			r.Header.Set("Last-Event-ID", test.id)
		}
		from, refusal := ReadFrom(r)
		if refusal == nil {
			if from.Resumes() != test.resumes {
				t.Errorf("%q %q: resumes is %v", test.query, test.id, from.Resumes())
			}
			refusal = from.check(s.Hub)
		}
		if status := statusOf(refusal); status != test.status {
			t.Errorf("%q %q: status %d (%v), want %d", test.query, test.id, status, refusal, test.status)
		}
		if refusal == nil {
			sub, _ := s.attachRequest(r)
			expect(t, sub, test.gets)
			sub.left(errLeft)
			s.detach(sub)
		}
	}
	p.end(process.Ending{})
}
