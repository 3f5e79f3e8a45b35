package clients

import (
	"math/rand/v2"
	"strings"
	"testing"
)

type doer = func(*testing.T, job) result

var texts = []message{text("hello"), text("with ünïcödé € 𝄞"), text("tab\tand \"quotes\""), text("\x00 control \x1b"),
	text(strings.Repeat("long ", 2000))}

// Text comes back as it was sent, and the client's own close is answered.
func TestTextEcho(t *testing.T) {
	each(t, []string{"cat"}, func(t *testing.T, url string, do doer) {
		r := do(t, job{URL: url, Send: texts, Receive: len(texts), Code: 1000, Reason: "done"})
		checkEcho(t, r, texts)
		if r.Code != 1000 {
			t.Errorf("closed with %d %q %s", r.Code, r.Reason, r.Error)
		}
	})
}

// A private code of the client comes back too.
func TestClientCloses(t *testing.T) {
	each(t, []string{"cat"}, func(t *testing.T, url string, do doer) {
		if r := do(t, job{URL: url, Send: texts[:1], Receive: 1, Code: 4321, Reason: "mine"}); r.Code != 4321 {
			t.Errorf("closed with %d %q %s", r.Code, r.Reason, r.Error)
		}
	})
}

// Bytes come back as they were sent. In binary mode a message is what a read
// yields, so the next one is sent when the last one is back.
func TestBinaryEcho(t *testing.T) {
	each(t, []string{"--binary", "cat"}, func(t *testing.T, url string, do doer) {
		for _, size := range []int{1, 125, 126, 4000} {
			bytes := random(size)
			r := do(t, job{URL: url, Send: []message{binary(bytes)}, Receive: 1, Code: 1000})
			checkEcho(t, r, []message{binary(bytes)})
		}
	})
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}

// How the process ended is the close code and reason the client sees, after
// everything the process said.
func TestEndings(t *testing.T) {
	for _, c := range []struct {
		script string
		code   int
		reason string
	}{
		{"echo last; exit 0", 1000, "exit status 0"},
		{"echo last; exit 3", 4003, "exit status 3"},
		{"printf last; exit 255", 4255, "exit status 255"},
		{"echo last; kill -KILL $$", 4137, "signal: SIGKILL"},
		{"echo last; kill -TERM $$", 4143, "signal: SIGTERM"},
	} {
		t.Run(c.script, func(t *testing.T) {
			each(t, []string{"sh", "-c", c.script}, func(t *testing.T, url string, do doer) {
				r := do(t, job{URL: url})
				checkEcho(t, r, []message{text("last")})
				if r.Code != c.code || r.Reason != c.reason {
					t.Errorf("closed with %d %q, expected %d %q", r.Code, r.Reason, c.code, c.reason)
				}
			})
		})
	}
}

// What the client sends while the process ends does not cost its output.
func TestEndWhileSending(t *testing.T) {
	each(t, []string{"sh", "-c", "seq 1 5000; exit 7"}, func(t *testing.T, url string, do doer) {
		send := make([]message, 300)
		for i := range send {
			send[i] = text(strings.Repeat("x", 1000))
		}
		r := do(t, job{URL: url, Send: send})
		if len(r.Messages) != 5000 || r.Code != 4007 || r.Reason != "exit status 7" {
			t.Errorf("%d of 5000 messages, closed with %d %q %s", len(r.Messages), r.Code, r.Reason, r.Error)
		}
	})
}

// The subprotocol both know is agreed on.
func TestSubprotocol(t *testing.T) {
	each(t, []string{"--protocol=chat,mcp", "cat"}, func(t *testing.T, url string, do doer) {
		r := do(t, job{URL: url, Protocols: []string{"other", "mcp", "chat"}, Send: texts[:1], Receive: 1, Code: 1000})
		if r.Protocol != "mcp" {
			t.Errorf("agreed on %q %s", r.Protocol, r.Error)
		}
	})
}

// A message just under --maxframesize, and one over it.
func TestBigMessages(t *testing.T) {
	each(t, []string{"cat"}, func(t *testing.T, url string, do doer) {
		big := []message{text(strings.Repeat("0123456789abcdef", 1<<16))} // 1 MiB, the limit
		checkEcho(t, do(t, job{URL: url, Send: big, Receive: 1, Code: 1000}), big)
	})
}

func TestTooBig(t *testing.T) {
	each(t, []string{"--maxframesize=1000", "cat"}, func(t *testing.T, url string, do doer) {
		if r := do(t, job{URL: url, Send: []message{text(strings.Repeat("x", 1001))}}); r.Code != 1009 {
			t.Errorf("closed with %d %q %s", r.Code, r.Reason, r.Error)
		}
	})
}

// A message in fragments is one message.
func TestFragments(t *testing.T) {
	each(t, []string{"cat"}, func(t *testing.T, url string, do doer) {
		whole := []message{text("in pieces: ä€𝄞 and more"), text(strings.Repeat("0123456789", 20000))}
		send := []message{whole[0].inPieces(7), whole[1].inPieces(50)}
		checkEcho(t, do(t, job{URL: url, Send: send, Receive: 2, Code: 1000}), whole)
	})
}
