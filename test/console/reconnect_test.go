package console

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// sharedServer starts one of a shared program that outlives the clients that were cut off.
func sharedServer(t *testing.T, flags ...string) *harness.Server {
	return harness.Start(t, harness.Binary(t), append(flags, "--devconsole", "--pingms=0", "--shared", "--linger=1h", "cat")...)
}

// testSessionComesBack: a session whose connection was cut goes on, with what was typed
// meanwhile, and each message is there once.
func testSessionComesBack(t *testing.T, browser context.Context, _ *harness.Server) {
	s := fileServer(t, "--pingms=0")
	proxy := harness.NewProxy(t, s.Addr)
	p := openPage(t, browser, proxy.Addr, "/kept")
	p.connect()
	p.awaitRow("onmessage", "pid ")
	proxy.Reset()
	p.awaitRow("lost", "connection lost [Clean: false, Code: 1006, Reason: ]")
	p.send("cut off") // as soon as there is a connection: what is sent just before a cut may be lost
	p.awaitRow("onopen", "reconnected, nothing missed")
	p.awaitRow("onmessage", "cut off")
	p.send("alive")
	p.awaitRow("onmessage", "alive")
	if got := p.rows("onmessage"); len(got) != 3 {
		t.Errorf("messages: %q", got)
	}
	p.click("toggle")
	p.awaitRow("onclose", "You disconnected. The program goes on")
}

// testSupervisedComesBack: a program that the server keeps alive is one to come back to.
func testSupervisedComesBack(t *testing.T, browser context.Context, _ *harness.Server) {
	o := harness.Options{Bin: harness.Binary(t), Args: []string{"--devconsole", "--config=f.toml"}, Dir: t.TempDir()}
	harness.WriteFile(t, filepath.Join(o.Dir, "f.toml"), "[program.kept]\npath = \"/\"\nlifetime = \"supervised\"\ncommand = [\"cat\"]\n", 0o644)
	p := openPage(t, browser, o.Start(t).Addr, "/")
	p.until(`$("reconnect").checked`)
	p.connect()
	p.click("toggle")
	p.awaitRow("onclose", "You disconnected. The program is supervised: it goes on")
}

// testSharedComesBack: what the server no longer had is counted, and standard error is
// heard again.
func testSharedComesBack(t *testing.T, browser context.Context, _ *harness.Server) {
	s := harness.Start(t, harness.Binary(t), "--devconsole", "--pingms=0", "--shared", "--linger=1h", "--history=4K", "sh", "-c",
		`while read -r line; do echo "$line"; [ "$line" = aloud ] && echo "heard again" >&2; done`)
	proxy := harness.NewProxy(t, s.Addr)
	wall := harness.NewWall(t, proxy.Addr, harness.Nothing)
	p := openPage(t, browser, wall.Addr, "/")
	p.until(`$("reconnect").checked`)
	p.connect()
	p.send("before")
	p.awaitRow("onmessage", "before")

	proxy.After(0, harness.Reset)
	wall.Stop(harness.Everything)
	other := s.Connect(t)
	other.Expect(t, "before")
	for i := range 300 {
		other.Echo(t, fmt.Sprintf("line %d of those that nobody has a place for", i))
	}
	p.awaitRow("lost", "connection lost [")
	p.awaitRow("lost", " in vain: HTTP status 502. Trying again ")
	p.until(`$("status").textContent.startsWith("connection lost, trying again")`)
	keepPicture(t, p, "waiting")
	p.focus("message")
	p.keys("typed meanwhile\r")
	wall.Stop(harness.Nothing)
	p.focus("log")
	p.keys("r")
	p.awaitRow("onopen", "reconnected, ")
	p.awaitRow("onmessage", "typed meanwhile")
	row := p.rows("onopen")[1]
	var missed int
	fmt.Sscanf(row, "onopen reconnected, %d messages were missed", &missed)
	if received := eval[int](p, "moved.received"); missed == 0 || received+missed != 302 {
		t.Errorf("%d messages of 302, and %q", received, row)
	}
	p.send("aloud")
	p.awaitRow("stderr", "heard again")
	if got := p.rows("stderr"); len(got) != 1 {
		t.Errorf("standard error is heard more than once: %q", got)
	}
	keepPicture(t, p, "missed")
}

// testRestart: a program that was started again goes on in the same conversation.
func testRestart(t *testing.T, browser context.Context, _ *harness.Server) {
	s := harness.Start(t, harness.Binary(t), "--devconsole", "--pingms=0", "--shared", "--restart=always", "sh", "-c", `read -r line; echo "$line"; exit 3`)
	p := openPage(t, browser, s.Addr, "/")
	p.until(`$("reconnect").checked`) // it is known what is served: a connection before that is not resumed
	p.connect()
	for i, line := range []string{"one", "two"} {
		p.send(line)
		p.awaitRow("onmessage", line)
		p.until(fmt.Sprintf(`document.querySelectorAll(".row.onopen").length === %d`, i+2)) // what is sent to the ending process is lost
	}
	p.awaitRow("lost", "The program has ended (exit status 3), and was started again.")
	p.awaitRow("onopen", "reconnected, nothing missed")
	if rows := p.rows("onopen"); strings.Contains(strings.Join(rows, ""), "new process") {
		t.Errorf("rows: %q", rows)
	}
}

// testWaitingEnds: while the page waits one may try again at once, and give up.
func testWaitingEnds(t *testing.T, browser context.Context, _ *harness.Server) {
	wall := harness.NewWall(t, sharedServer(t).Addr, harness.Nothing)
	p := openPage(t, browser, wall.Addr, "/")
	p.until(`$("reconnect").checked`)
	wall.Stop(harness.Everything)
	p.focus("url")
	p.keys("\r")
	p.awaitRow("lost", " in vain: HTTP status 502.")
	p.until(`$("toggle").textContent === "Give up" && !$("retry").hidden`)
	for n := 2; n < 5; n++ {
		p.click("retry")
		p.until(fmt.Sprintf(`+/Tried (\d+) times in vain/.exec(document.querySelector(".row.lost .why")?.textContent)?.[1] >= %d`, n))
	}
	if got := p.rows("lost"); len(got) != 1 {
		t.Errorf("rows: %q", got)
	}
	p.focus("log")
	p.keys("d")
	p.awaitRow("onclose", "You disconnected before the server had answered.")
	p.until(`$("status").textContent.startsWith("not connected") && $("retry").hidden`)
	wall.Stop(harness.Nothing)
	p.connect()
}

// testConnectionIsOver: a program that ends with its connection is not started again
// unasked, and only the WebSocket is asked for.
func testConnectionIsOver(t *testing.T, browser context.Context, s *harness.Server) {
	proxy := harness.NewProxy(t, s.Addr)
	p := openPage(t, browser, proxy.Addr, "/echo")
	p.connect()
	if eval[bool](p, `$("reconnect").checked || !$("reconnect").disabled`) {
		t.Error("the connection is to be made again")
	}
	proxy.After(0, harness.Reset)
	p.send("cut off")
	p.awaitRow("onclose", "The connection broke without a goodbye")
	p.until(`$("status").textContent.startsWith("not connected")`)
	if got := p.rows("lost"); len(got) > 0 {
		t.Errorf("rows: %q", got)
	}

	// Who asks for it gets another process, and is told so.
	p.click("reconnect")
	p.connect()
	proxy.After(0, harness.Reset)
	p.send("cut off")
	p.awaitRow("onopen", "reconnected to a new process: what the old one said last may be missing")
	p.send("alive")
	p.awaitRow("onmessage", "alive")
}

// testOver: what would be the same at the next try is the end, in the server's words.
func testOver(t *testing.T, browser context.Context, _ *harness.Server) {
	scripts := harness.Scripts(t, map[string]string{"crlf": programs["crlf"]})
	s := harness.Start(t, harness.Binary(t), "--devconsole", "--pingms=0", "--shared", "--dir="+scripts)
	p := openPage(t, browser, s.Addr, "/crlf")
	p.until(`$("reconnect").checked`)
	p.focus("url")
	p.keys("\r")
	p.awaitRow("onclose", "The server refused: 500 Internal Server Error: the program's first line ends in CR")

	kept := harness.Start(t, harness.Binary(t), "--devconsole", "--pingms=0", "--resume=1s", "cat")
	proxy := harness.NewProxy(t, kept.Addr)
	wall := harness.NewWall(t, proxy.Addr, harness.Nothing)
	p = openPage(t, browser, wall.Addr, "/")
	p.connect()
	proxy.After(0, harness.Reset)
	wall.Stop(harness.Everything)
	p.send("cut off")
	p.awaitRow("lost", "Trying again in ")
	kept.Out.Await(t, "END")
	wall.Stop(harness.Nothing)
	p.focus("log")
	p.keys("r")
	p.awaitRow("onclose", "The server refused: 404 Not Found: ")
}

// testBare: without the checkbox the page has a WebSocket as every page has it.
func testBare(t *testing.T, browser context.Context, _ *harness.Server) {
	s := sharedServer(t)
	proxy := harness.NewProxy(t, s.Addr)
	p := openPage(t, browser, proxy.Addr, "/")
	p.until(`$("reconnect").checked`)
	p.click("reconnect")
	p.connect()
	proxy.After(0, harness.Reset)
	p.send("cut off")
	p.awaitRow("onclose", "The connection broke without a goodbye")
	p.awaitRow("onclose", "The program is shared: it stays")
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.ContainsFunc(p.requests, func(url string) bool { return strings.Contains(url, "state") || strings.Contains(url, "after=") }) ||
		!slices.Contains(p.requests, "ws://"+proxy.Addr+"/") {
		t.Errorf("requests: %q", p.requests)
	}
}

// testUnsent: a message that its process did not get, since that has ended, has a row.
func testUnsent(t *testing.T, browser context.Context, _ *harness.Server) {
	wall := harness.NewWall(t, sharedServer(t).Addr, harness.Upgrades)
	p := openPage(t, browser, wall.Addr, "/", `const before = fetch;
fetch = (at, how) => how?.method === "POST" ? Promise.resolve(new Response("410 Gone: the program has ended: exit status 3\n", { status: 410 })) : before(at, how);`)
	p.focus("url")
	p.keys("\r")
	p.awaitRow("onopen", "connected over plain HTTP")
	p.send("too late")
	p.awaitRow("lost", "a message was not taken")
	p.awaitRow("lost", "the program has ended: exit status 3. It is not sent again.")
}

// testBlocked: where WebSockets do not come through the page talks over plain HTTP, and
// says so, until they do.
func testBlocked(t *testing.T, browser context.Context, s *harness.Server) {
	wall := harness.NewWall(t, sharedServer(t).Addr, harness.Upgrades)
	p := openPage(t, browser, wall.Addr, "/")
	p.until(`$("reconnect").checked`)
	p.focus("url")
	p.keys("\r")
	p.awaitRow("lost", "no connection")
	p.awaitRow("lost", "This handshake has not come to the server, which is there")
	p.awaitRow("onopen", "connected over plain HTTP: no WebSocket came about")
	p.until(`$("status").textContent.startsWith("connected over plain HTTP")`)
	p.send("one")
	p.awaitRow("onmessage", "one")
	keepPicture(t, p, "blocked")
	wall.Stop(harness.Nothing)
	p.awaitRow("onopen", "goes on over a WebSocket, nothing missed")
	p.send("two")
	p.awaitRow("onmessage", "two")
	if got := p.rows("onmessage"); !slices.Equal(got, []string{"onmessage one", "onmessage two"}) {
		t.Errorf("messages: %q", got)
	}

	// A program of one connection is not to be had that way.
	p = openPage(t, browser, harness.NewWall(t, s.Addr, harness.Upgrades).Addr, "/echo")
	p.focus("url")
	p.keys("\r")
	p.awaitRow("onclose", "This handshake has not come to the server, which is there")
}
