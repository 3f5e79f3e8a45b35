package ctl

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestResolve: what a name stands for.
func TestResolve(t *testing.T) {
	f := newFake(t)
	f.programs = `[{"name":"chat","path":"/","channel":"process:chat"},{"name":"a b","channel":"process:a_b"},{"name":"4","channel":"process:4"},{"name":"two","path":"/1"},{"name":"two","path":"/2"}]`
	f.sessions = `[{"id":"abc","number":3},{"id":"def","number":4}]`
	f.connections = `[{"id":"15"},{"id":"16"},{"id":"17"}]`
	c := &caller{server: newServer(Address{URL: f.http.URL}, nil, 0)}
	defer c.server.http.CloseIdleConnections()
	for word, want := range map[string]string{
		"chat": "program chat", "process:chat": "program chat", "a b": "program a b", "process:a_b": "program a b",
		"abc": "session abc", "3": "session abc", "process:abc": "session abc", "17": "connection 17", "process:17": "connection 17",
		"process:3": `there is no program, session or connection "process:3"`,
		"process:4": "program 4", // a number stands in no channel
		"4":         `"4" is ambiguous: there are program 4 and session def; an id stands for one alone`,
		"two":       `"two" is ambiguous: there are program two and program two`,
		"..":        `there is no program, session or connection ".."`,
		"chat/":     "there is no", "CHAT": "there is no",
	} {
		got, err := c.resolve(t.Context(), word)
		said := ""
		if err != nil {
			said = err.Error()
		} else {
			said = got.String()
		}
		if !strings.HasPrefix(said, want) {
			t.Errorf("%s: %s, want %s", word, said, want)
		}
	}
}

// TestDeeds: each name is tried, and what has failed is said.
func TestDeeds(t *testing.T) {
	f := newFake(t)
	f.programs, f.sessions = chat, `[{"id":"abc","number":3}]`
	f.connections = `[{"id":"17"},{"id":"a/b"}]`
	runs(t, f.options("kick", "17"), "", 0, "17: kicked\n", "")
	o := f.options("kick", "gone", "a/b", "..")
	runs(t, o, "", 1, "a/b: kicked\n", "websocketd ctl: gone: there is no connection of that id: websocketd ctl connections lists them\n"+
		`websocketd ctl: ..: there is no program, session or connection "..": list, sessions and connections show what there is`+"\n")
	for word, want := range map[string]string{"chat": "program chat", "3": "session abc", "process:abc": "session abc"} {
		runs(t, f.options("kick", word), "", 1, "", "websocketd ctl: this is "+want+", and no connection: websocketd ctl end ends it\n")
	}
	if want := []string{"/api/connections/17", "/api/connections/gone", "/api/connections/a%2Fb"}; !slices.Equal(f.ended[:3], want) {
		t.Errorf("ended %q, want %q", f.ended, want)
	}
	f.ended = nil
	runs(t, f.options("kick", "process:17"), "", 0, "process:17: kicked\n", "")
	o = f.options("end", "chat", "3", "17")
	runs(t, o, "", 0, "chat: ended 3 processes\n3: ended session abc\n17: ended connection 17\n", "")
	o.JSON = true
	runs(t, o, "", 0, `{"name":"chat","ended":3}`+"\n"+`{"name":"3"}`+"\n"+`{"name":"17"}`+"\n", "")
	want := []string{"/api/connections/17", "/api/programs/chat/processes", "/api/sessions/abc", "/api/connections/17"}
	if got := f.ended[:4]; !slices.Equal(got, want) {
		t.Errorf("ended %q, want %q", got, want)
	}
}

// TestDocuments: a table where that is wanted, else JSON in one line; neither controls a
// terminal, whatever the names are.
func TestDocuments(t *testing.T) {
	f := newFake(t)
	f.programs = `[{"name":"a\u001b[2J\u202e","path":"/","lifetime":"shared","framing":"line","command":["sh","-c","x\ny"],"processes":1,"maxforks":10,"connections":2,"sessions":0},{"name":"b"},{"name":"c","lifetime":"mcp","state":"failed: exit status 3"}]`
	o := f.options("list")
	runs(t, o, "", 0, "NAME            PATH  LIFETIME                    FRAMING  PROCESSES  CONNECTIONS  SESSIONS  COMMAND\n"+
		`a\x1b[2J\u202e  /     shared                      line          1/10            2         0  sh -c x\ny`+"\n"+
		"b               -     -                           -                0            0         0  -\n"+
		"c               -     mcp, failed: exit status 3  -                0            0         0  -\n", "")
	o.JSON = true
	runs(t, o, "", 0, `[{"name":"a\u001b[2J\u202e","path":"/","lifetime":"shared","framing":"line","command":["sh","-c","x\ny"],"processes":1,"maxforks":10,"connections":2,"sessions":0},{"name":"b"},{"name":"c","lifetime":"mcp","state":"failed: exit status 3"}]`+"\n", "")
	f.serverDoc = `{"version":"1\u009b","pid":7,"bytesIn":2048,"since":"x","list":["a","b"],"none":null,"deep":{"a":1}}`
	runs(t, f.options("info"), "", 0, "server at "+f.http.URL+"\nversion  1\\u009b\npid      7\nbytesIn  2.00KiB\nsince    x\nlist     a b\nnone     -\ndeep     {\"a\":1}\n", "")
	runs(t, f.options("info", "b"), "", 0, "program b\nname  b\n", "")
	f.sessions = `[{"id":"abc","number":3,"program":"p","path":"/p","pid":7,"viewers":1,"last":9,"confirmed":8,"ended":null},{"id":"d","number":4,"program":"p","ended":{"reason":"exit status 1"}}]`
	runs(t, f.options("sessions"), "", 0, "NUMBER  ID   PROGRAM  PID  AGE  VIEWERS  MESSAGES  CONFIRMED  STATE                 PATH\n"+
		"     3  abc  p          7    -        1         9          8  running               /p\n"+
		"     4  d    p          -    -        0         0          0  ended: exit status 1  -\n", "")
	f.connections = `[{"id":"17","program":null,"pid":0,"remote":"127.0.0.1:1","user":"","bytesIn":17,"bytesOut":1048576,"path":"/"}]`
	runs(t, f.options("connections"), "", 0, "ID  PROGRAM  PID  REMOTE       USER  AGE   IN      OUT  PATH\n17  -          -  127.0.0.1:1  -       -  17B  1.00MiB  /\n", "")
}

// TestNarrow: where a terminal is narrow, what may be cut is.
func TestNarrow(t *testing.T) {
	for width, want := range map[int]string{
		0: "ID   COMMAND\nabc  0123456789ä1234\n", 80: "ID   COMMAND\nabc  0123456789ä1234\n",
		17: "ID   COMMAND\nabc  0123456789ä…\n", 4: "ID   COMMAND\nabc  0123456…\n",
	} {
		table := table{columns: []column{{title: "ID"}, {title: "COMMAND", long: true}}}
		table.add("abc", "0123456789ä1234")
		var b strings.Builder
		if err := table.print(&b, width, false); err != nil || b.String() != want {
			t.Errorf("%d columns: %q, want %q", width, b.String(), want)
		}
	}
}

// TestTexts: ages and sizes.
func TestTexts(t *testing.T) {
	for age, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 59 * time.Second: "59s", 192 * time.Second: "3m12s", time.Hour: "1h0m", 25*time.Hour + time.Minute: "1d1h", 1000 * time.Hour: "41d16h",
	} {
		if got := ageText(age); got != want {
			t.Errorf("%s: %s, want %s", age, got, want)
		}
	}
	for size, want := range map[int64]string{0: "0B", 999: "999B", 1000: "0.98KiB", 1024: "1.00KiB", 15000: "14.6KiB", 345 << 10: "345KiB", 1 << 20: "1.00MiB", 5 << 40: "5.00TiB"} {
		if got := sizeText(size); got != want {
			t.Errorf("%d: %s, want %s", size, got, want)
		}
	}
}
