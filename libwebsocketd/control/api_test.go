//go:build unix

package control

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/internal/testkit"
)

// TestServer: the state of the server, before it has started, while it runs and when it ends.
func TestServer(t *testing.T) {
	t.Parallel()
	m := manage(t, three())
	m.server.Store(nil)
	m.expect("GET", "/api/server", "", 503, "the server has not started yet")
	m.expect("GET", "/api/sessions", "", 200, "[]")
	m.Steer(m.Server)
	for _, path := range []string{"/one", "/many", "/many", "/kept"} {
		reads(m.dial(path))
	}
	state := document[serverState](m, "/api/server")
	if state.Version != "1.2.3" || state.Pid <= 0 || time.Since(state.Since) > time.Hour || state.Programs != 4 ||
		state.Connections != 4 || state.Sessions != 1 || state.Processes != 3 || state.GoingAway {
		t.Errorf("%+v", state)
	}
	m.Shutdown(t.Context())
	if state := document[serverState](m, "/api/server"); !state.GoingAway || state.Processes != 0 || state.Connections != 0 {
		t.Errorf("%+v", state)
	}
	for _, path := range []string{"/api/connections", "/api/sessions"} {
		m.expect("GET", path, "", 200, "[]")
	}
}

// TestPrograms: what is told of programs of each lifetime.
func TestPrograms(t *testing.T) {
	t.Parallel()
	m := manage(t, three())
	for _, path := range []string{"/one", "/one", "/many", "/kept", "/"} {
		reads(m.dial(path))
	}
	all := document[[]program](m, "/api/programs")
	told := []string{}
	for _, p := range all {
		channel := "null"
		if p.Channel != nil {
			channel = *p.Channel
		}
		told = append(told, fmt.Sprintf("%s %s %s %s %d/%d %d %d %s", p.Name, p.Path, p.Lifetime, p.Framing, p.Processes, p.MaxForks, p.Connections, p.Sessions, channel))
	}
	slices.Sort(told)
	want := []string{"kept /kept session line 1/9 1 1 null", "main / connection line 1/50 1 0 null",
		"one /one connection line 2/50 2 0 null", "two words /many shared line 1/50 1 0 process:two_words"}
	if !slices.Equal(told, want) {
		t.Errorf("%q, want %q", told, want)
	}
	for _, p := range all {
		path := "/api/programs/" + strings.ReplaceAll(p.Name, " ", "%20")
		if one := document[program](m, path); one.Path != p.Path || strings.Join(one.Command, " ") != "/bin/sh -c "+cat {
			t.Errorf("%+v", one)
		}
	}
	m.expect("GET", "/api/programs/none", "", 404, "there is no program of that name: GET /api/programs lists them")
	m.expect("DELETE", "/api/programs/none/processes", "", 404, "there is no program of that name: GET /api/programs lists them")
}

// TestEndProgram: everything of a program ends, of whatever lifetime, and a client without
// WebSocket too.
func TestEndProgram(t *testing.T) {
	t.Parallel()
	m := manage(t, three())
	own, one, many, kept := m.dial("/"), m.dial("/one"), m.dial("/many"), m.dial("/kept")
	for _, c := range []*websocket.Conn{own, one, many, kept} {
		reads(c)
	}
	r, _ := http.NewRequest("POST", m.front+"/one", nil) // an endless body
	r.Header.Set("Accept", "text/event-stream")
	body, input := io.Pipe()
	defer input.Close()
	r.Body = body
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	events := bufio.NewScanner(answer.Body)
	events.Scan()
	testkit.Eventually(t, "all are listed", func() bool { return len(m.Conversations()) == 5 })
	for _, test := range []struct {
		name  string
		ended int
		c     *websocket.Conn
		how   string
	}{
		{"one", 2, one, "close 1008 (policy violation): ended by the operator"},
		{"two%20words", 1, many, "close 1000 (normal): exit status 0"},
		{"kept", 1, kept, "close 1000 (normal): exit status 0"},
		{"main", 1, own, "close 1008 (policy violation): ended by the operator"},
	} {
		m.expect("DELETE", "/api/programs/"+test.name+"/processes", "", 200, fmt.Sprintf(`{"ended":%d}`, test.ended))
		if got := reads(test.c); got != test.how {
			t.Errorf("%s: %s", test.name, got)
		}
	}
	for events.Scan() {
	}
	testkit.Eventually(t, "nothing runs", func() bool { return m.Processes() == 0 })
	testkit.Eventually(t, "nobody is connected", func() bool { return len(m.Conversations()) == 0 })
	m.expect("DELETE", "/api/programs/one/processes", "", 200, `{"ended":0}`)
	m.expect("GET", "/api/sessions", "", 200, "[]")
}

// TestSessions: a session by its id and by its number.
func TestSessions(t *testing.T) {
	t.Parallel()
	m := manage(t, three())
	first, second := m.dial("/kept"), m.dial("/kept")
	reads(first)
	reads(second)
	all := document[[]sessionState](m, "/api/sessions")
	if len(all) != 2 || all[0].Program != "kept" || all[0].Path != "/kept" || all[0].Number != 1 || all[0].Viewers != 1 || all[0].Pid == 0 || all[0].Ended != nil {
		t.Fatalf("%+v", all)
	}
	for _, name := range []string{"1", all[0].ID} {
		if one := document[sessionState](m, "/api/sessions/"+name); one.ID != all[0].ID || one.Program != "kept" || one.Path != "/kept" {
			t.Errorf("%s: %+v", name, one)
		}
	}
	m.expect("DELETE", "/api/sessions/2", "", 200, fmt.Sprintf(`{"id":"%s"}`, all[1].ID))
	if got := reads(second); got != "close 1000 (normal): exit status 0" {
		t.Error(got)
	}
	const none = "there is no session of that id or number: GET /api/sessions lists them"
	m.expect("DELETE", "/api/sessions/"+all[1].ID, "", 404, none)
	m.expect("GET", "/api/sessions/3", "", 404, none)
	if answer, text := m.ask("GET", "/api/sessions/3", "", "Accept: application/json"); answer.StatusCode != 404 || text != `{"error":"`+none+"\"}\n" {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
}

// TestConnections: who is connected, and how one is kicked.
func TestConnections(t *testing.T) {
	t.Parallel()
	m := manage(t, three())
	before := time.Now()
	one, many := m.dial("/one/a?query=1"), m.dial("/many")
	pid := reads(one)
	reads(many)
	one.WriteMessage(websocket.TextMessage, []byte("12345"))
	reads(one)
	testkit.Eventually(t, "both directions are counted", func() bool {
		c := document[[]connection](m, "/api/connections")[0]
		return c.BytesIn == 5 && c.BytesOut == int64(len(pid)+5)
	})
	all := document[[]connection](m, "/api/connections")
	if c := all[0]; len(all) != 2 || *c.Program != "one" || c.Path != "/one/a" || fmt.Sprint(c.Pid) != pid || c.Remote != "127.0.0.1" || c.User != "" || c.Since.Before(before) {
		t.Errorf("%+v", all)
	}
	if c := all[1]; *c.Program != "two words" || c.Pid != 0 {
		t.Errorf("%+v", c)
	}
	m.expect("DELETE", "/api/connections/"+all[0].ID, "", 200, fmt.Sprintf(`{"id":"%s"}`, all[0].ID))
	if got := reads(one); got != "close 1008 (policy violation): kicked" {
		t.Error(got)
	}
	testkit.Eventually(t, "one is left", func() bool { return len(document[[]connection](m, "/api/connections")) == 1 })
	m.expect("DELETE", "/api/connections/"+all[0].ID, "", 404, "there is no connection of that id: GET /api/connections lists them")
}

// TestParts: a list has as many entries as were asked for, and tells how many follow.
func TestParts(t *testing.T) {
	t.Parallel()
	m := manage(t, three())
	for range 5 {
		reads(m.dial("/one"))
	}
	all := document[[]connection](m, "/api/connections")
	for _, test := range []struct {
		query, more string
		from, to    int
	}{{"", "", 0, 5}, {"?limit=5", "", 0, 5}, {"?limit=2", "3", 0, 2}, {"?limit=2&offset=2", "1", 2, 4}, {"?offset=4", "", 4, 5},
		{"?offset=5", "", 5, 5}, {"?offset=2147483647", "", 5, 5}, {"?limit=0", "5", 0, 0}, {"?limit=2147483647", "", 0, 5}} {
		answer, _ := m.ask("GET", "/api/connections"+test.query, "")
		part := document[[]connection](m, "/api/connections"+test.query)
		if part == nil || len(part) != test.to-test.from || answer.Header.Get("Websocketd-More") != test.more ||
			len(part) > 0 && part[0].ID != all[test.from].ID {
			t.Errorf("%s: %d entries, more %q", test.query, len(part), answer.Header.Get("Websocketd-More"))
		}
	}
	for _, query := range []string{"limit=-1", "limit=x", "offset=", "offset=1.5", "limit=99999999999"} {
		for _, list := range []string{"programs", "sessions", "connections", "channels"} {
			if answer, text := m.ask("GET", "/api/"+list+"?"+query, ""); answer.StatusCode != 400 || !strings.Contains(text, query[:5]) {
				t.Errorf("%s?%s: %d %s", list, query, answer.StatusCode, text)
			}
		}
	}
}

// TestMostListed: no answer has more entries than the bound.
func TestMostListed(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"", "?limit=20000"} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/"+query, nil)
		answerPart(w, r, make([]int, mostListed+7))
		var part []int
		if err := json.Unmarshal(w.Body.Bytes(), &part); err != nil || len(part) != mostListed || w.Header().Get(moreHeader) != "7" {
			t.Errorf("%d entries, more %s, %v", len(part), w.Header().Get(moreHeader), err)
		}
	}
}

// TestConcurrent: everything is asked for and ended while clients come and go, programs are
// replaced, and the server ends.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	cfg := three()
	m := manage(t, cfg)
	programs := cfg.Programs
	var work sync.WaitGroup
	over := make(chan struct{})
	repeat := func(f func(i int)) {
		work.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-over:
					return
				default:
					f(i)
				}
			}
		})
	}
	for path := range m.policies {
		if method, path, _ := strings.Cut(path, " "); method == "GET" && !strings.Contains(path, "{") && path != "/ws" {
			repeat(func(int) { m.ask("GET", path, "") })
		}
	}
	repeat(func(i int) {
		m.ask("DELETE", "/api/programs/"+[]string{"one", "two%20words", "kept"}[i%3]+"/processes", "")
	})
	repeat(func(i int) {
		next := slices.Clone(programs)
		next[i%3].MaxLine = 1000 + i%2
		m.Reload(next)
	})
	for i := range 15 {
		c, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(m.front, "http")+[]string{"/one", "/many", "/kept"}[i%3], nil)
		if err != nil {
			continue // it was ended before it had begun
		}
		c.SetReadDeadline(time.Now().Add(testkit.Patience))
		reads(c)
		c.Close()
	}
	m.Shutdown(context.Background())
	close(over)
	work.Wait()
	if n := m.Processes(); n != 0 {
		t.Errorf("%d processes are left", n)
	}
}

// TestOpenAPI: the document has every route that there is, and no other.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	m := manage(t, three())
	d := document[map[string]any](m, "/api/openapi.json")
	told := []string{}
	for path, methods := range d["paths"].(map[string]any) {
		for method := range methods.(map[string]any) {
			told = append(told, strings.ToUpper(method)+" "+path)
		}
	}
	routes := []string{}
	for pattern := range maps.Keys(m.policies) {
		if !strings.Contains(pattern, "/debug/pprof") { // which are for one tool, and opt-in
			routes = append(routes, strings.TrimSuffix(pattern, "{$}"))
		}
	}
	slices.Sort(told)
	slices.Sort(routes)
	if !slices.Equal(told, routes) {
		t.Errorf("in the document are\n%s\nand there are\n%s", strings.Join(told, "\n"), strings.Join(routes, "\n"))
	}
}

// TestPrefersJSON asks the rule about what clients send.
func TestPrefersJSON(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "application/json": true, "application/json;q=0": false, "text/plain": false,
		"application/json, text/plain, */*": true, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": false,
		"text/html, application/json": false, "text/html;q=0.1, application/json": true, "application/json;q=0.1, text/plain;q=0.5": false,
		"bad;;, application/json": true,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept", accept)
		if got := prefersJSON(r); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}
