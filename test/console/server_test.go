package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// document is what the server's document says of itself.
type document struct {
	Programs []program
	More     bool
}

type program struct {
	Name, Path, Framing, Lifetime, Stderr string
	Command, Protocols                    []string
}

// fileServer serves a configuration file with a program of each kind.
func fileServer(t *testing.T, flags ...string) *harness.Server {
	dir := harness.Scripts(t, map[string]string{
		"greet.sh": `while read -r name; do echo "Hello, $name!"; done`, "clock.sh": `echo tick; echo tock >&2; exec cat`,
		"bytes.sh": `exec cat`, "kept.sh": `echo "pid $$"; exec cat`, "mixed.sh": `echo "said aloud" >&2; exit 3`,
	})
	file := filepath.Join(dir, "websocketd.toml")
	harness.WriteFile(t, file, fmt.Sprintf(`
[program.greet]
command = ["%[1]s/greet.sh", "--loud"]
env = { PASSWORD = "sesame" }
protocol = ["chat"]
[program.clock]
command = ["%[1]s/clock.sh"]
lifetime = "shared"
[program.bytes]
command = ["%[1]s/bytes.sh"]
binary = true
[program.tagged]
command = ["%[1]s/mixed.sh"]
stderr = "tag"
[program.merged]
command = ["%[1]s/mixed.sh"]
stderr = "merge"
[program.mute]
command = ["%[1]s/mixed.sh"]
stderr = "discard"
[program.kept]
command = ["%[1]s/kept.sh"]
lifetime = "session"
attach = "takeover"
[program.raw]
command = ["%[1]s/bytes.sh"]
framing = "raw"
`, dir), 0o644)
	return harness.Start(t, harness.Binary(t), append(flags, "--devconsole", "--config="+file)...)
}

// testPrograms: where nothing is served the page lists what is, and a program is
// two keys away.
func testPrograms(t *testing.T, browser context.Context, _ *harness.Server) {
	s := fileServer(t)
	p := openPage(t, browser, s.Addr, "/")
	p.until(`document.querySelectorAll("#home button").length === 8`)
	p.until(`$("intro").textContent.startsWith("No program is served at this URL.") && document.activeElement.matches("#home button")`)
	keepPicture(t, p, "programs")
	eval[any](p, `[...document.querySelectorAll("#home button")].find(b => b.textContent.startsWith("greet")).focus()`)
	p.keys("\r")
	p.awaitRow("onopen", "connected")
	if got := eval[string](p, "document.title + location.pathname"); got != "greet · websocketd/greet" {
		t.Errorf("title and path %q", got)
	}
	p.send("Ann")
	p.awaitRow("onmessage", "Hello, Ann!")

	answer, body := ask(t, s, nil)
	var doc document
	if err := json.Unmarshal([]byte(body), &doc); err != nil || len(doc.Programs) != 8 || answer.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%v: %s", err, body)
	}
	i := slices.IndexFunc(doc.Programs, func(p program) bool { return p.Name == "greet" })
	if got, want := fmt.Sprint(doc.Programs[i]), "{greet /greet line connection log [greet.sh --loud] [chat]}"; got != want {
		t.Errorf("greet is %s, not %s", got, want)
	}
	if strings.Contains(body, "sesame") || strings.Contains(body, "PASSWORD") || strings.Contains(body, t.Name()) {
		t.Errorf("the document tells secrets: %s", body)
	}
}

// ask gets the server's document.
func ask(t *testing.T, s *harness.Server, header map[string]string) (*http.Response, string) {
	t.Helper()
	r := harness.Get("/.websocketd/console.json")
	for name, value := range header {
		r = r.With(name, value)
	}
	c := s.Ask(t, r)
	return c.Response, c.Body
}

// TestDocumentBehindProxy: who comes through a proxy is elsewhere, however near that proxy is,
// and gets no arguments.
func TestDocumentBehindProxy(t *testing.T) {
	s := harness.Start(t, harness.Binary(t), "--devconsole", "--trustproxy=127.0.0.1", "cat", "secret argument")
	for forwarded, sees := range map[string]bool{"203.0.113.5": false, "127.0.0.9, 203.0.113.5": false, "?": false, "127.0.0.9": true} {
		if _, body := ask(t, s, map[string]string{"X-Forwarded-For": forwarded}); strings.Contains(body, "secret argument") != sees {
			t.Errorf("for %s: %s", forwarded, body)
		}
	}
}

// TestDocumentIsForItsOwnPage: no other origin reads what is there, and without the
// console nothing is.
func TestDocumentIsForItsOwnPage(t *testing.T) {
	s := harness.Start(t, harness.Binary(t), "--devconsole", "--origin=*", "--header-http=Access-Control-Allow-Origin: *", "cat", "secret argument")
	for _, test := range []struct {
		name, value string
		status      int
	}{
		{"Accept", "*/*", 200}, {"Sec-Fetch-Site", "same-origin", 200}, {"Sec-Fetch-Site", "none", 200}, {"Origin", "http://localhost", 200},
		{"Sec-Fetch-Site", "cross-site", 403}, {"Sec-Fetch-Site", "same-site", 403}, {"Origin", "null", 403},
		{"Origin", "http://evil.example", 403}, {"Origin", "http://localhost:1", 403}, {"Host", "evil.example", 421},
	} {
		answer, body := ask(t, s, map[string]string{test.name: test.value})
		if answer.StatusCode != test.status || strings.Contains(body, "secret argument") != (test.status == 200) {
			t.Errorf("%s: %s is %d, not %d: %s", test.name, test.value, answer.StatusCode, test.status, body)
		}
		if cors := answer.Header.Get("Access-Control-Allow-Origin"); cors != "" {
			t.Errorf("%s: %s: Access-Control-Allow-Origin %s", test.name, test.value, cors)
		}
	}
	for origin, status := range map[string]int{"http://evil.example": 403, "http://localhost": 101} {
		c := s.Ask(t, harness.Handshake("/.websocketd/console").Origin(origin))
		if c.Status() != status {
			t.Errorf("a feed for %s: %d, not %d", origin, c.Status(), status)
		}
	}
	without := harness.Start(t, harness.Binary(t), "cat", "secret argument")
	if answer, _ := ask(t, without, nil); answer.StatusCode != 404 {
		t.Errorf("without the console: %d", answer.StatusCode)
	}
}

// TestScriptsAreListed: what --dir serves, and nothing else.
func TestScriptsAreListed(t *testing.T) {
	dir := harness.Scripts(t, map[string]string{"a.sh": "exit", "sub/deep/b.py": "exit", ".hidden/c": "exit", "z": "exit"})
	harness.WriteFile(t, filepath.Join(dir, "notes.txt"), "x", 0o644)
	s := harness.Start(t, harness.Binary(t), "--devconsole", "--dir="+dir)
	var doc document
	if _, body := ask(t, s, nil); json.Unmarshal([]byte(body), &doc) != nil {
		t.Fatal(body)
	}
	var paths []string
	for _, p := range doc.Programs {
		paths = append(paths, p.Path)
	}
	if got := strings.Join(paths, " "); got != "/a.sh /sub/deep/b.py /z" || doc.More {
		t.Errorf("listed: %s, more: %v", got, doc.More)
	}
	for i := range 300 {
		harness.WriteFile(t, filepath.Join(dir, fmt.Sprintf("n%d", i)), "#!/bin/sh\n", 0o755)
	}
	if _, body := ask(t, s, nil); json.Unmarshal([]byte(body), &doc) != nil || len(doc.Programs) != 200 || !doc.More {
		t.Errorf("%d scripts are listed, more: %v", len(doc.Programs), doc.More)
	}
}

// testRefusals: the page says what the server has answered, in its words.
func testRefusals(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/crlf")
	p.keys("\r")
	p.awaitRow("onclose", "The server refused: 500 Internal Server Error: ")
	p.awaitRow("log", "Could not launch process")

	full := harness.Start(t, harness.Binary(t), "--devconsole", "--maxforks=1", "cat")
	taken := full.Connect(t)
	p = openPage(t, browser, full.Addr, "/")
	p.keys("\r")
	p.awaitRow("onclose", "The server refused: 429 Too Many Requests: ")
	p.awaitRow("onclose", "--maxforks=1")
	taken.Leave(t)

	closed := harness.Start(t, harness.Binary(t), "--devconsole", "--origin=https://example.com", "cat")
	p = openPage(t, browser, closed.Addr, "/")
	p.keys("\r")
	p.awaitRow("onclose", "The server refused: 403 Forbidden: Origin http://"+closed.Addr)
}

// testStderr: rows for what the program writes there, before that of its end, and
// nothing of it among the messages.
func testStderr(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/errors")
	p.connect()
	p.awaitRow("stderr", "oops")
	p.send("last words")
	p.awaitRow("onclose", "What it wrote to standard error is in the red rows, and in the log.")
	if rows := p.rows(""); !slices.Equal(rows[len(rows)-2:], []string{"stderr last words", rows[len(rows)-1]}) {
		t.Errorf("rows: %q", rows)
	}
	if got := p.rows("onmessage"); !slices.Equal(got, []string{"onmessage about to fail"}) {
		t.Errorf("messages: %q", got)
	}
	if len(s.Out.With("| oops")) == 0 {
		t.Error("the log does not have it")
	}
	p = openPage(t, browser, s.Addr, "/quiet")
	p.connect()
	p.send("x")
	p.awaitRow("onclose", "It wrote nothing to standard error.")

	// One process for two pages: both are told, the second of what comes.
	shared := harness.Start(t, harness.Binary(t), "--devconsole", "--shared", "sh", "-c", `while read -r line; do echo "$line" >&2; done`)
	one, two := openPage(t, browser, shared.Addr, "/"), openPage(t, browser, shared.Addr, "/")
	one.connect()
	two.connect()
	one.send("for both")
	one.awaitRow("stderr", "for both")
	two.awaitRow("stderr", "for both")
	one.focus("log")
	one.keys("d")
	one.awaitRow("onclose", "The program is shared: it stays for whoever else is connected")
}

// told is a message of a feed.
type told struct {
	Kind, Text string
	Lost       int
}

func toldBy(t *testing.T, data []byte) (m told) {
	t.Helper()
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatalf("the feed says %q: %v", data, err)
	}
	return m
}

// openFeed opens a feed, and returns the subprotocol that carries its mark.
func openFeed(t *testing.T, s *harness.Server) (feed *harness.Conn, offer string) {
	t.Helper()
	feed = s.Open(t, harness.Handshake("/.websocketd/console").Origin("http://localhost"))
	first, err := feed.Receive()
	if err != nil {
		t.Fatal(err)
	}
	mark := toldBy(t, first.Data)
	if mark.Kind != "mark" || len(mark.Text) < 26 {
		t.Fatalf("the feed begins with %s", first.Data)
	}
	return feed, "websocketd-console." + mark.Text
}

// TestFeedIsForOneHandshake: a mark is good once, one that nobody has come with is
// told so, and there are not any number of feeds.
func TestFeedIsForOneHandshake(t *testing.T) {
	s := harness.Start(t, harness.Binary(t), "--devconsole", "--protocol=chat", "sh", "-c", `echo "of $HTTP_SEC_WEBSOCKET_PROTOCOL" >&2; exec cat`)
	feed, offer := openFeed(t, s)
	one := s.Open(t, harness.Handshake("/").Add("Sec-WebSocket-Protocol", "chat, "+offer))
	if got := one.Header("Sec-WebSocket-Protocol"); got != "chat" {
		t.Errorf("confirmed: %q", got)
	}
	two := s.Open(t, harness.Handshake("/").Add("Sec-WebSocket-Protocol", offer))
	two.Echo(t, "served all the same")
	two.Leave(t)
	one.Leave(t)
	var heard []string
	feed.Each(t, func(m harness.Message) { heard = append(heard, toldBy(t, m.Data).Text) })
	if len(heard) != 1 || heard[0] != "of chat" {
		t.Errorf("heard: %q", heard)
	}
	if c := s.Open(t, harness.Handshake("/").Add("Sec-WebSocket-Protocol", "other, "+offer)); c.Header("Sec-WebSocket-Protocol") != "" {
		t.Error("a mark is confirmed to a page that offered something else, which no page without one would be")
	}

	unused, _ := openFeed(t, s)
	if err := unused.Text("?"); err != nil {
		t.Fatal(err)
	}
	if m, err := unused.Receive(); err != nil || toldBy(t, m.Data).Kind != "unseen" {
		t.Errorf("asked about a handshake that has not come: %s %v", m.Data, err)
	}
	unused.Ends(t, 1000, "that was all")

	for range 64 {
		openFeed(t, s)
	}
	if c := s.Ask(t, harness.Handshake("/.websocketd/console").Origin("http://localhost")); c.Status() != 503 {
		t.Errorf("one more feed: %d", c.Status())
	}
}

// TestFeedStaysOutOfSight: the mark reaches neither the program nor its answers,
// and a program that floods standard error is not slowed down by a page that does
// not listen.
func TestFeedStaysOutOfSight(t *testing.T) {
	s := harness.Start(t, harness.Binary(t), "--devconsole", "--loglevel=none", "sh", "-c",
		`env | grep -c -i 'mark\|SUBPROTOCOL\|WEBSOCKET_PROTOCOL'; i=0; while [ $i -lt 30000 ]; do echo "line $i of the flood" >&2; i=$((i+1)); done; echo done`)
	feed, offer := openFeed(t, s)
	c := s.Open(t, harness.Handshake("/").Add("Sec-WebSocket-Protocol", offer))
	if got := c.Header("Sec-WebSocket-Protocol"); got != offer {
		t.Errorf("confirmed: %q", got)
	}
	c.Expect(t, "1", "done") // the mark of this harness is in the environment
	c.Ends(t, 1000, "exit status 0")

	heard, lost := 0, 0
	feed.Each(t, func(m harness.Message) {
		switch told := toldBy(t, m.Data); told.Kind {
		case "stderr":
			heard++
		case "lost":
			lost += told.Lost
		}
	})
	if heard+lost != 30000 || heard == 0 {
		t.Errorf("%d lines were heard and %d counted as lost, of 30000", heard, lost)
	}
}

// testSubprotocol: what is in the field is offered, and counts as from any page.
func testSubprotocol(t *testing.T, browser context.Context, _ *harness.Server) {
	s := fileServer(t)
	p := openPage(t, browser, s.Addr, "/greet")
	p.until(`document.querySelector("#known option")?.value === "chat"`)
	p.fill("protocols", "other, chat")
	p.keys("\r")
	p.awaitRow("onopen", "connected, subprotocol chat")
	p.send("Ann")
	p.awaitRow("onmessage", "Hello, Ann!")
	p.fill("protocols", "other")
	p.keys("\r")
	p.awaitRow("onclose", "The browser gave up: it offered the subprotocols other, and the server confirmed none of them.")
	p.awaitRow("log", "the subprotocol")
}
