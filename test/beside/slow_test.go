package beside

import (
	"io"
	"strings"
	"testing"
	"time"

	"websocketd/test/harness"
)

// Who dribbles the head of a request is cut off after ten seconds, however
// busily; nobody waits for that.
func TestSlowHeaders(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	plain := everything(t, "cat")
	secure := everything(t, append(ca.serve(t, "localhost"), "cat")...)
	_, second := startRedirect(t, "cat")
	for what, s := range map[string]*harness.Server{"plain": plain, "a redirect": second} {
		w := dial(t, s)
		begin := time.Now()
		w.send("GET /both HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
		var cut error
		harness.Paced(1000, 100*time.Millisecond, func(i int) bool {
			if i == 20 {
				get(t, s, "/file.txt")
			}
			_, cut = io.WriteString(w.Conn, "x")
			return cut == nil
		})
		if took := time.Since(begin); cut == nil || took < 5*time.Second {
			t.Errorf("%s: cut off after %v: %v", what, took, cut)
		}
	}
	echo(t, ca, secure, nil)
}

// A connection that says nothing is closed too, plain or before its TLS handshake.
func TestSilentConnections(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	for what, flags := range map[string][]string{"plain": nil, "TLS": ca.serve(t, "localhost")} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := start(t, append(flags, "cat")...)
			w := dial(t, s)
			w.closed()
		})
	}
}

// Who dribbles a body to a script holds up his script, and nobody else.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{"up": `n=$(wc -c); ` + plainText + `echo $n`}, "--maxforks=8")
	var slow []*wire
	for _, head := range []string{"Content-Length: 20", "Content-Length: 20", "Transfer-Encoding: chunked"} {
		w := dial(t, s)
		w.send("POST /up HTTP/1.1\r\nHost: localhost\r\n" + head + "\r\n\r\n")
		slow = append(slow, w)
	}
	pieces := []string{"x", "x", "1\r\nx\r\n"}
	harness.Paced(20, 50*time.Millisecond, func(int) bool {
		for i, w := range slow {
			w.send(pieces[i])
		}
		a := do(t, client(t), "POST", url(s, "/up"), "quick")
		a.is(t, 200, a.body)
		if strings.TrimSpace(a.body) != "5" {
			t.Errorf("%q", a.body)
		}
		return !t.Failed()
	})
	slow[2].send("0\r\n\r\n")
	for _, w := range slow {
		if resp, body := w.answer("POST"); resp.StatusCode != 200 || strings.TrimSpace(body) != "20" {
			t.Errorf("%d %q", resp.StatusCode, body)
		}
	}
}

// A client that reads slowly holds up its script, not the server's memory.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	dir := harness.Scripts(t, map[string]string{"flood": plainText + `exec yes`, "quick": plainText + `echo quick`})
	s := harness.Start(t, harness.PlainBinary(t), "--cgidir="+dir)
	w := dial(t, s)
	w.send(request("GET", "/flood", ""))
	harness.Until(t, "the script waits for its reader", func() bool {
		left := s.Children()
		return len(left) == 1 && harness.Blocked(left[0])
	})
	get(t, s, "/quick").is(t, 200, "quick\n")
	if peak := harness.PeakMemory(t, s.PID); peak > 48<<20 {
		t.Errorf("VmHWM %d MiB", peak>>20)
	}
	w.Close()
	harness.NoSurvivors(t, s)
}
