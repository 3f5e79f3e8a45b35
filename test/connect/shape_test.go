package connect

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/test/harness"
)

// TestNewlines: what becomes of newlines in a message that comes.
func TestNewlines(t *testing.T) {
	t.Parallel()
	_, address := serve(t, `printf 'a\nb\000'`, "--framing=null")
	for mode, test := range map[string]struct {
		status         int
		stdout, stderr string
	}{
		"pass":   {0, "a\nb\n", ""},
		"escape": {0, `a\nb` + "\n", ""},
		"reject": {1, "", "the server's message cannot be taken (closed with 1008): the message has a newline in it"},
	} {
		start(t, "--newlines="+mode, address).ends(t, test.status, test.stdout, test.stderr)
	}
}

// TestSizes: a line that is too long is sent in pieces; a message that must be whole has a
// limit, and another has none.
func TestSizes(t *testing.T) {
	t.Parallel()
	_, echo := serve(t, "exec cat")
	c := start(t, "--maxline=4", "--eofwait=300ms", echo)
	c.say(t, "abcdefgh\n")
	c.out.Await(t, "efgh")
	c.in.Close()
	c.ends(t, 0, "abcd\nefgh\n", "a line of the input is longer than --maxline and is sent in pieces")

	large := strings.Repeat("x", 30<<20)
	_, address := serve(t, `head -c `+strconv.Itoa(len(large))+` /dev/zero | tr '\000' x; printf '\000'`, "--framing=null", "--maxline=64M")
	c = start(t, address)
	if status := c.wait(t); status != 0 || c.out.String() != large+"\n" {
		t.Errorf("exit status %d, %d bytes: %s", status, len(c.out.String()), &c.err)
	}
	start(t, "--resume", address).ends(t, 1, "", "(closed with 1009)")
	start(t, "--framing=length", "--maxframesize=1M", address).ends(t, 1, "", "message over 1048576 bytes")
}

// TestSilence: a server that is silent for two ping intervals is lost.
func TestSilence(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, "echo ready; while read -r line; do echo \"$line\"; done", "--pingms=0")
	proxy := harness.NewProxy(t, s.Addr)
	c := start(t, "--pingms=300", "ws://"+proxy.Addr+"/")
	c.out.Await(t, "ready")
	proxy.After(0, harness.Blackhole)
	c.say(t, "hello\n")
	c.ends(t, 1, "ready\n", "the connection was lost")
}

// TestSlowMessage: --eofwait does not leave in the midst of a message that is coming.
func TestSlowMessage(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		message := []byte("\x81\x33[" + strings.Repeat("1,", 24) + "1]\x88\x02\x03\xe8") // longer than a farewell
		harness.Paced(len(message), 200*time.Millisecond, func(i int) bool {
			_, err := conn.NetConn().Write(message[i : i+1])
			return err == nil
		})
		conn.ReadMessage()
	}))
	t.Cleanup(s.Close)
	c := start(t, "--framing=ndjson", "--eofwait=2s", s.URL)
	c.in.Close()
	c.ends(t, 0, "["+strings.Repeat("1,", 24)+"1]\n", "")
}

// TestClosedInTheMidst: a close that says that all is well is a loss in the midst of a
// message, and one without a code says nothing.
func TestClosedInTheMidst(t *testing.T) {
	t.Parallel()
	for frames, want := range map[string]struct{ stdout, stderr string }{
		"\x01\x01a\x88\x02\x03\xe8": {"a", "the connection was lost"},
		"\x81\x01a\x88\x00":         {"a\n", "the server has closed without a code"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if conn, err := new(websocket.Upgrader).Upgrade(w, r, nil); err == nil {
				defer conn.Close()
				conn.NetConn().Write([]byte(frames))
				conn.ReadMessage()
			}
		}))
		t.Cleanup(s.Close)
		start(t, s.URL).ends(t, 1, want.stdout, want.stderr)
	}
}
