package promises

import (
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// The four modes of --stderr, and --passstderr, an old word for tag.
func TestStderrModes(t *testing.T) {
	t.Parallel()
	out, err := `{"stream":"stdout","data":"out"}`, `{"stream":"stderr","data":"err"}`
	for _, c := range []struct {
		flag   string
		want   []string
		logged bool
	}{
		{"--stderr=log", []string{"out"}, true},
		{"--stderr=tag", []string{err, out}, true},
		{"--passstderr", []string{err, out}, true},
		{"--stderr=merge", []string{"err", "out"}, false},
		{"--stderr=discard", []string{"out"}, false},
	} {
		s := start(t, c.flag, "sh", "-c", "echo err >&2; read go; echo out")
		conn := s.Connect(t)
		if len(c.want) == 2 { // wait for the first, so that the order is certain
			conn.Expect(t, c.want[0])
		}
		conn.Text("go")
		if got := conn.Ends(t, 1000, ""); !slices.Equal(got, c.want[len(c.want)-1:]) {
			t.Errorf("%s: got %q", c.flag, got)
		}
		s.Out.Await(t, "DISCONNECT")
		if lines := s.Out.With("| stderr ", "err"); len(lines) == 1 != c.logged {
			t.Errorf("%s: %d lines in the log", c.flag, len(lines))
		} else if c.logged && !strings.Contains(lines[0], "| ERROR ") {
			t.Errorf("%s: %s", c.flag, lines[0])
		}
	}
}

// --binary goes with every mode but tag; merge then mixes the bytes.
func TestStderrModesInBinary(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{"--stderr=merge": "errout", "--stderr=discard": "out", "--stderr=log": "out"} {
		s := start(t, "--binary", flag, "sh", "-c", "printf err >&2; printf out")
		if got := strings.Join(s.Connect(t).Ends(t, 1000, ""), ""); got != want {
			t.Errorf("%s: got %q", flag, got)
		}
	}
}

// Tagged lines are JSON as the older tool writes it.
func TestTaggedJSON(t *testing.T) {
	t.Parallel()
	s := start(t, "--stderr=tag", "printf", `<&>"\\ \t \303\251 \342\200\250 \377 end`)
	want := `{"stream":"stdout","data":"\u003c\u0026\u003e\"\\ \t é \u2028 \ufffd end"}`
	got := s.Connect(t).Ends(t, 1000, "")
	if len(got) != 1 {
		t.Fatalf("got %q", got)
	}
	// U+FFFD may be written as itself or escaped: it is the same text.
	if text := strings.ReplaceAll(got[0], "\uFFFD", `\ufffd`); text != want {
		t.Errorf("got  %s\nwant %s", got[0], want)
	}
}

// Much on both streams arrives in full, each in its order.
func TestTaggedStreamsAreComplete(t *testing.T) {
	t.Parallel()
	s := start(t, "--stderr=tag", "--loglevel=fatal", "sh", "-c", "seq 1 20000 & seq 1 20000 >&2; wait")
	next := map[string]int{"stdout": 1, "stderr": 1}
	end := s.Connect(t).Each(t, func(m harness.Message) {
		text := string(m.Data)
		for stream := range next {
			if text == `{"stream":"`+stream+`","data":"`+itoa(next[stream])+`"}` {
				next[stream]++
				return
			}
		}
		t.Errorf("unexpected %s", text)
	})
	if next["stdout"] != 20001 || next["stderr"] != 20001 || end.Code != 1000 {
		t.Errorf("next are %v, %v", next, end)
	}
}

// A last stderr line without newline is logged; stderr after stdout was closed too.
func TestStderrToTheEnd(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "exec 1>&-; echo first >&2; sleep 0.2; printf last >&2")
	s.Connect(t).Ends(t, 1000, "")
	s.Out.Await(t, "| stderr ", "first")
	s.Out.Await(t, "| stderr ", "last")
}

// Lines longer than --maxline are cut, between characters, and logged once.
func TestMaxLine(t *testing.T) {
	t.Parallel()
	s := start(t, "--maxline=10", "printf", `0123456789\nabcdefghijklm\n€€€€€€€\nend`)
	c := s.Connect(t)
	want := []string{"0123456789", "abcdefghij", "klm", "€€€", "€€€", "€", "end"}
	if got := c.Ends(t, 1000, ""); !slices.Equal(got, want) {
		t.Errorf("got %q, expected %q", got, want)
	}
	s.Out.Await(t, "DISCONNECT")
	if lines := s.Out.With("maxline"); len(lines) != 1 {
		t.Errorf("%d lines about --maxline in the log", len(lines))
	}
	tagged := start(t, "--maxline=4", "--stderr=tag", "printf", `abcdef`)
	if got := tagged.Connect(t).Ends(t, 1000, ""); !slices.Equal(got,
		[]string{`{"stream":"stdout","data":"abcd"}`, `{"stream":"stdout","data":"ef"}`}) {
		t.Errorf("tagged: got %q", got)
	}
}
