package beside

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// A client that does not send its body, or does not take the answer, is given two ping
// intervals; then its place is somebody else's.
func TestCGIClock(t *testing.T) {
	t.Parallel()
	for name, stall := range map[string]func(*wire){
		"a body that does not come":     func(w *wire) { w.send("POST /up HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf") },
		"no chunk of a body":            func(w *wire) { w.send("POST /up HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n") },
		"an answer that is not taken":   func(w *wire) { w.send(request("GET", "/flood", "")) },
		"the rest that is not taken":    func(w *wire) { w.send(request("GET", "/much", "")) },
		"a body after the answer began": func(w *wire) { w.send("POST /first HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := startCGI(t, map[string]string{
				"up": `n=$(wc -c); ` + plainText + `echo $n`, "flood": plainText + `exec yes`, "first": plainText + `echo first; cat`,
				"much": plainText + `head -c 30000000 /dev/zero`, "quick": plainText + `echo quick`,
			}, "--pingms=1000", "--maxforks=1")
			w := dial(t, s)
			stall(w)
			harness.Until(t, "the script runs", func() bool { return len(s.Children()) > 0 })
			harness.NoSurvivors(t, s)
			get(t, s, "/quick").is(t, 200, "quick\n")
			if resp, err := http.ReadResponse(w.r, nil); err != nil || resp.StatusCode == 200 {
				if err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
				}
				if err == nil {
					t.Error("an answer that was cut ends as a whole one")
				}
			} else if resp.StatusCode != 408 {
				t.Errorf("status %d", resp.StatusCode)
			}
		})
	}
}

// Whoever makes progress, however slowly, is not cut, and neither is one whose script
// takes its time.
func TestCGISlowButAlive(t *testing.T) {
	t.Parallel()
	s, dir := startCGI(t, map[string]string{
		"up": `n=$(wc -c); ` + plainText + `echo $n`, "think": waitForGo + plainText + `echo thought`, "deaf": waitForGo + plainText + `echo deaf`,
	}, "--pingms=1000")
	think, deaf, up := dial(t, s), dial(t, s), dial(t, s)
	think.send(request("GET", "/think", ""))
	deaf.send("POST /deaf HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("x", 900_000))
	up.send("POST /up HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n")
	harness.Paced(12, 300_000_000, func(int) bool {
		up.send("x")
		return true
	})
	touch(t, dir+"/go")
	for w, want := range map[*wire]string{think: "thought", deaf: "deaf", up: "12"} {
		if resp, body := w.answer("POST"); resp.StatusCode != 200 || strings.TrimSpace(body) != want {
			t.Errorf("%d %q, not %q", resp.StatusCode, body, want)
		}
	}
}

// A script that has ended by the time its answer goes out: head and body come together,
// and say how long they are. One of ten is enough on a busy machine.
func TestCGIAnswerInOnePiece(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{"two": plainText + `echo one; echo two`})
	together, told := 0, 0
	for range 10 {
		w := dial(t, s)
		w.send(request("GET", "/two", "", "Connection: close"))
		first := make([]byte, 4<<10)
		n, err := w.Read(first)
		if err != nil {
			t.Fatal(err)
		}
		if text := string(first[:n]); strings.Contains(text, "\r\n\r\n") && strings.Contains(text, "two\n") {
			together++
			if strings.Contains(text, "Content-Length: 8\r\n") && strings.HasSuffix(text, "one\ntwo\n") {
				told++
			}
		}
	}
	if together == 0 || told == 0 {
		t.Errorf("of 10 answers %d came in one piece, %d with their length", together, told)
	}
}
