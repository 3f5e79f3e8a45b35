package ctl

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
)

const chat = `[{"name":"chat","path":"/chat","lifetime":"shared","framing":"line","channel":"process:chat"},
	{"name":"each","path":"/","lifetime":"connection","channel":null},{"name":"mine","lifetime":"session","channel":null}]`

// TestLogs: what is kept is printed as it was written, and a status on standard error.
func TestLogs(t *testing.T) {
	f := newFake(t)
	f.programs = chat
	f.write("process:chat", became("running", 0))
	for i := range 12 {
		f.write("process:chat", line(fmt.Sprint("line ", i)))
	}
	f.write("process:chat", line("\x1b[2J\x00ä\u202e"), `{"type":"process_output","data":"AP8K","encoding":"base64"}`, `{"type":"event","data":1}`, `7`, became("exited", 1))
	all := ""
	for i := range 12 {
		all += fmt.Sprint("line ", i, "\n")
	}
	const rest = "\x1b[2J\x00ä\u202e\n\x00\xff\n"
	o := f.options("logs", "chat")
	runs(t, o, "", 0, all+rest, "[running]\n[exited 1]\n")
	o.Names[0] = "process:chat"
	o.Lines = 3
	runs(t, o, "", 0, "line 11\n"+rest, "[exited 1]\n")
	o.Lines = 0
	runs(t, o, "", 0, "", "[exited 1]\n")
	o.Lines, o.JSON = 2, true
	runs(t, o, "", 0, `{"type":"process_output","processId":"x","data":"\u001b[2J\u0000ä\u202e"}`+"\n"+
		`{"type":"process_output","data":"AP8K","encoding":"base64"}`+"\n"+`{"type":"event","data":1}`+"\n7\n"+became("exited", 1)+"\n", "")
}

// TestLogsOf: what has no channel of its own, or none at all.
func TestLogsOf(t *testing.T) {
	f := newFake(t)
	f.programs = chat
	f.connections = `[{"id":"17","program":"each"},{"id":"16","program":"chat"}]`
	f.write("process:17", line("of 17"))
	f.write("process:18", line("of 18"), became("killed", -1))
	for name, want := range map[string]struct {
		status         int
		stdout, stderr string
	}{
		"17":    {0, "of 17\n", ""},
		"18":    {0, "of 18\n", "[killed]\n"}, // it is over
		"19":    {1, "", `websocketd ctl: there is no program, session or connection "19": list, sessions and connections show what there is` + "\n"},
		"16":    {0, "", "websocketd ctl: nothing is kept of connection 16: it has no process of its own\n"},
		"chat":  {0, "", "websocketd ctl: nothing is kept of program chat: none has run yet, or not for ten minutes; a shared process starts with its first client\n"},
		"each":  {1, "", "websocketd ctl: each client of each has a process of its own: name one of websocketd ctl connections\n"},
		"mine":  {1, "", "websocketd ctl: each session of mine has a process of its own: name one of websocketd ctl sessions\n"},
		"\x1b[": {1, "", `websocketd ctl: there is no program, session or connection "\x1b[": list, sessions and connections show what there is` + "\n"},
	} {
		runs(t, f.options("logs", name), "", want.status, want.stdout, want.stderr)
	}
	o := f.options("logs", "18") // nothing can come any more
	o.Follow = true
	runs(t, o, "", 0, "of 18\n", "[killed]\n")
}

// TestFollowCut: answers that are cut at 20 random places, and a server that begins anew: nothing
// is lost, nothing comes twice, and what is missing is said.
func TestFollowCut(t *testing.T) {
	f := newFake(t)
	f.programs, f.connections = chat, `[{"id":"17"}]`
	var mu sync.Mutex
	cuts, polls := 0, 0
	f.cut = func(w http.ResponseWriter, body []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		if polls++; cuts == 20 || polls%2 == 1 { // the first one, which must succeed, and those after a cut
			return false
		}
		cuts++
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.Write(body[:rand.IntN(len(body))])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	var want strings.Builder
	for i := range 200 {
		f.write("process:17", line(fmt.Sprint("line ", i)))
		fmt.Fprintf(&want, "line %d\n", i)
	}
	f.write("process:17", became("exited", 0))
	o := f.options("logs", "17")
	o.Follow = true
	s := newFiles(t, "")
	if status := Run(o, s.Streams); status != 0 || s.read("out") != want.String() {
		t.Errorf("exit status %d, %q", status, s.read("out"))
	}
	if got := strings.Count(s.read("err"), "connected again"); got != cuts || cuts != 20 || strings.Contains(s.read("err"), "missing") {
		t.Errorf("%d cuts, %s", cuts, s.read("err"))
	}
}

// TestFollowMissing: what the server has dropped, and what went with the server before.
func TestFollowMissing(t *testing.T) {
	for name, test := range map[string]struct {
		change func(ch *fakeChannel)
		stdout string
		stderr string
	}{
		"dropped": {func(ch *fakeChannel) { ch.first, ch.all = 10, []string{line("later"), became("exited", 0)} },
			"first\nlater\n", "websocketd ctl: some of what was written is missing here: the server does not keep it any more\n[exited 0]\n"},
		"another": {func(ch *fakeChannel) { *ch = fakeChannel{"BBBB", 1, []string{line("anew"), became("exited", 0)}} },
			"first\nanew\n", "websocketd ctl: some of what was written last may be missing here: the server was started again\n[exited 0]\n"},
		"gone": {func(ch *fakeChannel) { *ch = fakeChannel{"BBBB", 1, nil} }, // and the session, too
			"first\n", "websocketd ctl: some of what was written last may be missing here: the server was started again\n"},
	} {
		f := newFake(t)
		f.sessions = `[{"id":"abc","number":4}]`
		f.write("process:abc", line("first"))
		f.cut = func(http.ResponseWriter, []byte) bool { // after the first answer
			f.cut, f.sessions = nil, "[]"
			go func() {
				f.mu.Lock()
				defer f.mu.Unlock()
				test.change(f.channels["process:abc"])
				f.changed.Broadcast()
			}()
			return false
		}
		o := f.options("logs", "4")
		o.Follow = true
		t.Run(name, func(t *testing.T) { runs(t, o, "", 0, test.stdout, test.stderr) })
	}
}

// TestUnkept: that the beginning is not kept any more is said, unless fewer lines were asked for.
func TestUnkept(t *testing.T) {
	const all = "5\n6\n7\n8\n9\n10\n11\n"
	const said = "websocketd ctl: the first 4 messages are not kept any more: --history of the server says how much is\n"
	f := newFake(t)
	f.programs = chat
	f.write("process:chat", line("5"), line("6"), line("7"), line("8"), line("9"), line("10"), line("11"))
	f.channels["process:chat"].first = 5
	for lines, want := range map[int][2]string{-1: {all, said}, 7: {all, said}, 100: {all, said}, 6: {all[2:], ""}, 0: {"", ""}} {
		o := f.options("logs", "chat")
		o.Lines = lines
		runs(t, o, "", 0, want[0], want[1])
	}
	f.channels["process:chat"].first = 2
	runs(t, f.options("logs", "chat"), "", 0, all, "websocketd ctl: the first message is not kept any more: --history of the server says how much is\n")
}

// TestLeft: a process of which nobody hears any more is one to wait for no longer.
func TestLeft(t *testing.T) {
	f := newFake(t)
	f.programs = chat
	f.write("process:17", line("hello"), became("left", -1))
	f.connections = `[{"id":"17","program":"each"}]`
	o := f.options("attach", "17")
	runs(t, o, "", exitFailed, "hello\n", "[left: it goes on with the server before, to the end of its client]\n")
}
