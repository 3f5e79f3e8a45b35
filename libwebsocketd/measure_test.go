//go:build unix

package libwebsocketd

import (
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/internal/testkit"
)

// measuring is a Measurer that records its calls.
type measuring struct{ watcher }

func (m *measuring) Took(program string, took time.Duration) {
	if took > 0 {
		m.add("took %s", program)
	}
}
func (m *measuring) ForkRefused(program string) { m.add("no fork %s", program) }

// TestMeasurer: it is told how long a client took, and which program had no place for another
// process.
func TestMeasurer(t *testing.T) {
	t.Parallel()
	m := new(measuring)
	s := serve(t, Config{Observer: m, MaxForks: 1, Programs: []Program{{Name: "cat", Command: []string{"/bin/cat"}}}})
	c := s.dial(t, "/cat", nil)
	c.WriteMessage(websocket.TextMessage, []byte("hello"))
	mustRead(t, c, "hello")
	testkit.Eventually(t, "it is told", func() bool { return slices.Contains(m.all(), "took cat") })
	if _, answer, _ := s.tryDial("/cat", nil); answer == nil || answer.StatusCode != 429 {
		t.Errorf("%v", answer)
	}
	if all := m.all(); !slices.Contains(all, "no fork cat") || !slices.Contains(all, "refused 429") {
		t.Errorf("%q", all)
	}
}
