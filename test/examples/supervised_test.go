package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"

	"websocketd/test/harness"
)

// keepsAlive: the feed is started after the store, which is started after the stock is there. It
// crashes, and those who listen get what the next one says.
func keepsAlive(t *testing.T, r run) {
	dir := harness.ShortDir(t)
	r.env = []string{"XDG_RUNTIME_DIR=" + dir}
	s := r.start(t)
	harness.Until(t, "the feed is there", func() bool { return s.Ask(t, harness.Handshake("/feed")).Status() == 101 })
	c := connect(t, s, "/feed?after=0", nil)
	for range 2 {
		for _, want := range []string{"1", "2", "3", "4", "5", "[websocketd: restarted after exit status 3]"} {
			c.expect(want)
		}
	}
	ps := exec.Command(s.Exe, "ctl", "ps", "--json=false")
	ps.Env = r.env
	out, err := ps.Output()
	for _, want := range []string{"setup  stopped", "store  online", "healthy", "feed   online"} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: %s, without %s", err, out, want)
		}
	}
	s.Signal(t, syscall.SIGTERM)
	c.rest(websocket.StatusGoingAway)
	harness.NoSurvivors(t, s)
	log, err := os.ReadFile(filepath.Join(copied(t), r.name, "feed.log"))
	if text := "1\n2\n3\n4\n5\nthat was too much\n"; err != nil || !strings.HasPrefix(string(log), text+text) {
		t.Errorf("the log file: %v, %s", err, log)
	}
}
