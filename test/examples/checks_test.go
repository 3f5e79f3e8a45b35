package examples

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"websocketd/test/harness"
)

// counts: 1 to 10 come one by one, not all at the end, and then 1000.
func counts(t *testing.T, r run) {
	s := r.start(t)
	c := connect(t, s, "/", nil)
	c.expect("1")
	start := time.Now()
	for number := 2; number <= 10; number++ {
		c.expect(strconv.Itoa(number))
	}
	if took := time.Since(start); took < 2*time.Second {
		t.Errorf("1 to 10 took %v, expected nine times half a second: the output is held back", took)
	}
	if more := c.rest(websocket.StatusNormalClosure); len(more) > 0 {
		t.Errorf("after 10 came %q", more)
	}
	harness.NoSurvivors(t, s)
}

// greets: each greeting comes while the program waits for the next name.
func greets(t *testing.T, r run) {
	s := r.start(t)
	c := connect(t, s, "/", nil)
	for _, name := range []string{"Ann", "Zoë", "世界", "two words 🙂"} {
		c.send(name)
		c.expect("Hello " + name + "!")
	}
	c.leave()
	harness.NoSurvivors(t, s)
}

// cgiNames are the variables a dump-env shows first, in this order.
var cgiNames = strings.Fields(`
	SERVER_SOFTWARE REMOTE_ADDR REMOTE_HOST REMOTE_PORT SERVER_NAME SERVER_PORT SERVER_PROTOCOL
	GATEWAY_INTERFACE REQUEST_METHOD SCRIPT_NAME PATH_INFO PATH_TRANSLATED QUERY_STRING REQUEST_URI
	UNIQUE_ID AUTH_TYPE CONTENT_LENGTH CONTENT_TYPE REMOTE_IDENT REMOTE_USER HTTPS`)

const query = "name=Zo%C3%AB&empty="

var greetingHeader = http.Header{"X-Greeting": {"Hello = world"}}

func dumpsEnvironment(t *testing.T, r run) {
	s := r.start(t)
	c := connect(t, s, "/some/where?"+query, greetingHeader)
	lines := c.rest(websocket.StatusNormalClosure)
	checkEnvironment(t, s, lines, map[string]string{
		"PATH_INFO":                  "/some/where",
		"UNIQUE_ID":                  valueOf(lines, "UNIQUE_ID"),
		"REMOTE_USER":                "",
		"HTTP_SEC_WEBSOCKET_VERSION": "13",
	})
	harness.NoSurvivors(t, s)
}

func answersRequest(t *testing.T, r run) {
	s := r.start(t)
	kind, body := get(t, s, "/dump-env.sh?"+query, greetingHeader)
	if kind != "text/plain" {
		t.Errorf("Content-Type %q", kind)
	}
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	checkEnvironment(t, s, lines, map[string]string{"SCRIPT_NAME": "/dump-env.sh"})
	harness.NoSurvivors(t, s)
}

// checkEnvironment checks the form of the lines, what is the same for every
// request of this test, and what the caller wants besides.
func checkEnvironment(t *testing.T, s *harness.Server, lines []string, want map[string]string) {
	t.Helper()
	var names, headers []string
	for _, line := range lines {
		name, _, _ := strings.Cut(line, "=")
		if strings.HasPrefix(name, "HTTP_") {
			headers = append(headers, name)
		} else {
			names = append(names, name)
		}
	}
	if !slices.Equal(names, cgiNames) || !slices.IsSorted(headers) || len(lines) > len(names) && !strings.HasPrefix(lines[len(names)], "HTTP_") {
		t.Errorf("expected the variables of CGI in their order, then HTTP_* sorted, got\n%s", strings.Join(lines, "\n"))
	}
	want["QUERY_STRING"] = query
	want["REQUEST_METHOD"] = "GET"
	want["SERVER_PORT"] = strconv.Itoa(s.Port)
	want["HTTPS"] = "<unset>"
	want["HTTP_X_GREETING"] = greetingHeader.Get("X-Greeting")
	for name, value := range want {
		if !slices.Contains(lines, name+"="+value) {
			t.Errorf("expected %s=%s, got %q", name, value, valueOf(lines, name))
		}
	}
}

func valueOf(lines []string, name string) string {
	for _, line := range lines {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			return value
		}
	}
	return "no such line"
}

// chats: two clients hear of each other, but nobody hears himself.
func chats(t *testing.T, r run) {
	s := r.start(t, "--closems=60000")
	enter := func(name string) client {
		c := connect(t, s, "/", nil)
		c.expect("What is your name?")
		c.send(name)
		c.expect("Welcome, " + name + ".")
		return c
	}
	ann := enter("Ann")
	bob := enter("Bob")
	ann.expect("Bob has come in.")
	ann.send("Hello Bob 🙂")
	bob.expect("Ann: Hello Bob 🙂")
	bob.send(`  two\n * words  `)
	ann.expect(`Bob:   two\n * words  `)
	ann.send("Till then")
	bob.expect("Ann: Till then")
	bob.leave()
	ann.expect("Bob has left.")
	nameless := connect(t, s, "/", nil)
	nameless.expect("What is your name?")
	nameless.leave()
	ann.leave()
	harness.NoSurvivors(t, s)

	log, err := os.ReadFile(filepath.Join(copied(t), r.name, "chat.log"))
	if err != nil || !strings.HasSuffix(string(log), " Ann has left.\n") {
		t.Errorf("the log: %v\n%s", err, log)
	}
}

// sendsAndReceives: it tells of every line, though nobody answers it.
func sendsAndReceives(t *testing.T, r run) {
	s := r.start(t)
	c := connect(t, s, "/", nil)
	const lines = 5
	for i := range lines {
		c.send(fmt.Sprint("line ", i))
	}
	for told := 0; told < lines; {
		var more int
		if message := c.receive(); message != "" {
			if _, err := fmt.Sscanf(message, "%d lines came in", &more); err != nil {
				t.Fatalf("got %q: %v", message, err)
			}
		}
		told += more
		if told > lines {
			t.Fatalf("%d lines came in, but %d were sent", told, lines)
		}
	}
	c.leave()
	harness.NoSurvivors(t, s)
}

// servesPage: the page comes over HTTP, the count over a WebSocket beside it.
func servesPage(t *testing.T, r run) {
	s := r.start(t)
	kind, body := get(t, s, "/count.html", nil)
	if !strings.HasPrefix(kind, "text/html") || !strings.Contains(body, "new WebSocket(") {
		t.Errorf("Content-Type %q, %.200q", kind, body)
	}
	c := connect(t, s, "/", http.Header{"Origin": {"http://" + s.Addr}})
	c.expect("1")
	c.leave()
	harness.NoSurvivors(t, s)
}
