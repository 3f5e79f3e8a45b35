package shared

import (
	"fmt"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// A program whose beginning matters, and which then says much more than is kept.
const heading = `printf "$1"; read go; yes "$(printf %0500d 0)" | head -n 200; echo end; read again; exit 3`

// late is what a client gets of the beginning that comes when it is no longer in the
// history: all up to what the history has.
func late(t *testing.T, s *harness.Server) (got []string) {
	t.Helper()
	for c := s.Connect(t); ; {
		m, err := c.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Data) >= 100 || string(m.Data) == "end" {
			return got
		}
		got = append(got, string(m.Data))
	}
}

// The heading comes first, whole messages and nothing twice; with the ways to listen
// that have a place for it, the gap behind it is told.
func TestKeepFirst(t *testing.T) {
	t.Parallel()
	s := start(t, "--keepfirst=10", "--history=4K", "--restart=always", "sh", "-c", heading, "sh", `a,b,c\n1\n\n`)
	first := s.Connect(t)
	for _, line := range []string{"a,b,c", "1", ""} {
		first.Expect(t, line)
	}
	first.Text("go")
	for line := ""; line != "end"; {
		m, err := first.Receive()
		if err != nil {
			t.Fatal(err)
		}
		line = string(m.Data)
	}
	if got := late(t, s); strings.Join(got, "|") != "a,b,c|1|" {
		t.Errorf("a late viewer begins with %q", got)
	}
	c := s.Ask(t, harness.Get("/?wait=10s").Add("Accept", "application/json"))
	if !strings.Contains(c.Body, `"pending":[{"seq":1,"data":"a,b,c"},{"seq":2,"data":"1"},{"seq":3,"data":""},{"gap":{"from":4,"to":`) {
		t.Errorf("a poll is answered %.300s", c.Body)
	}
	now := stateOf(t, s, "/")
	if !strings.Contains(now.text, `"beginning":{"first":1,"last":3}`) || now.First <= 4 {
		t.Errorf("the state is %s", now.text)
	}
	c = s.Ask(t, harness.Get("/?wait=0s&gap=ok&after="+*now.Epoch+":0").Add("Accept", "application/json"))
	if !strings.Contains(c.Body, fmt.Sprintf(`[{"seq":1,"data":"a,b,c"},{"seq":2,"data":"1"},{"seq":3,"data":""},{"gap":{"from":4,"to":%d}},{"seq":%d,`, now.First-1, now.First)) {
		t.Errorf("a client that has nothing of it is answered %.300s", c.Body)
	}
	events := s.Dial(t)
	events.Send(t, harness.Get("/").Add("Accept", "text/event-stream").String())
	got, err := "", error(nil)
	for err == nil && !strings.Contains(got, "event: gap\ndata: {\"from\":4,\"to\":") { // how much follows is a matter of how it was read
		piece := make([]byte, 1<<10)
		n := 0
		n, err = events.Read(piece)
		got += string(piece[:n])
	}
	if err != nil || !strings.Contains(got, ":3\ndata: \n\nid: ") {
		t.Errorf("events: %q, %v", got, err)
	}
}

// Pieces of a stream are cut where the room ends: what a decoder needs is so many
// bytes, however they were read.
func TestKeepFirstOfPieces(t *testing.T) {
	t.Parallel()
	for flag, prints := range map[string]string{
		"--binary":         `RIFFWAVEdata`,
		"--framing=raw":    `RIFFWAVEdata`,
		"--framing=length": `\0\0\0\010RIFFWAVE\0\0\0\001x`,
	} {
		s := start(t, flag, "--keepfirst=8", "--history=4K", "sh", "-c", `printf "$1"; read go; head -c 100000 /dev/zero; read again`, "sh", prints)
		if flag == "--framing=length" {
			s = start(t, flag, "--keepfirst=8", "--history=4K", "sh", "-c",
				`printf "$1"; read go; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do printf '\0\0\003\350'; head -c 1000 /dev/zero; done; read again`, "sh", prints)
		}
		first := s.Connect(t)
		if m, err := first.Receive(); err != nil || !strings.HasPrefix(string(m.Data), "RIFF") {
			t.Fatalf("%s: %q, %v", flag, m.Data, err)
		}
		send := first.Text
		if flag != "--framing=raw" {
			send = func(text string) error { return first.Binary([]byte(text)) }
		}
		if err := send("go\n"); err != nil {
			t.Fatal(err)
		}
		most := map[bool]int{true: 12000, false: 100000}[flag == "--framing=length"]
		for n := 0; n < most; {
			m, err := first.Receive()
			if err != nil {
				t.Fatalf("%s: %v behind %d bytes", flag, err, n)
			}
			n += strings.Count(string(m.Data), "\x00")
		}
		if got := late(t, s); strings.Join(got, "|") != "RIFFWAVE" {
			t.Errorf("%s: a late viewer begins with %q", flag, got)
		}
	}
}
