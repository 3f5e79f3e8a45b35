package hub

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/test/harness"
)

// operated is a server with a listener for the operator.
type operated struct {
	*harness.Server
	t     *testing.T
	admin string
}

// operate starts the real binary with more flags and a command.
func operate(t *testing.T, args ...string) *operated {
	t.Helper()
	admin := "127.0.0.1:" + strconv.Itoa(harness.MustFreePort())
	s := harness.Start(t, harness.Binary(t), append([]string{"--admin=" + admin, "--admintoken=none"}, args...)...)
	awaitListener(t, admin)
	return &operated{s, t, admin}
}

// awaitListener waits until an address accepts connections.
func awaitListener(t *testing.T, address string) {
	t.Helper()
	harness.Until(t, address+" accepts connections", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// follow subscribes a client of the hub to the channel of a process, with all that is kept.
func (o *operated) follow(id string) *client {
	o.t.Helper()
	c := connect(o.t, o.admin)
	c.say(`{"type":"subscribe","data":"process:%s","after":"none:0"}`, id)
	return c
}

// shows reads the channel of a process until a status that is an end, and compares. The order of
// sorted lines does not count, but that of the statuses does.
func (o *operated) shows(id string, sorted bool, want ...string) {
	o.t.Helper()
	c := o.follow(id)
	var got []string
	for len(got) == 0 || !strings.HasPrefix(got[len(got)-1], "[") || got[len(got)-1] == "[running 0]" {
		m := c.next()
		if m.Type == "subscribed" {
			continue
		}
		if m.Channel != "process:"+id || m.ProcessID != id || m.Seq != uint64(len(got)+1) {
			o.t.Errorf("message %d is %+v", len(got)+1, m)
		}
		line := m.short(o.t)
		if m.Encoding != "" {
			line = m.Encoding + " " + line
		}
		got = append(got, line)
	}
	if sorted && len(got) > 1 {
		slices.Sort(got[1 : len(got)-1])
	}
	if !slices.Equal(got, want) {
		o.t.Errorf("%q, want %q", got, want)
	}
}

// TestChannelOfConnection (2.7, points 2 and 3): whatever becomes of the output of a process, and
// of its standard error, the operator sees every line, and then how it has ended.
func TestChannelOfConnection(t *testing.T) {
	t.Parallel()
	const running = "[running 0]"
	for _, test := range []struct {
		flags, script string
		sorted        bool
		want          []string // ID stands for the ID
	}{
		{"", `echo $UNIQUE_ID; echo; printf 'a\r\nb'; exit 3`, false, []string{running, "ID", "", "a", "b", "[exited 3]"}},
		{"", `echo $UNIQUE_ID; kill -9 $$`, false, []string{running, "ID", "[killed -1]"}},
		{"--stderr=log", `echo $UNIQUE_ID; printf '~a\n~\n' >&2`, true, []string{running, "ID", "~", "~a", "[exited 0]"}},
		{"--stderr=merge", `echo $UNIQUE_ID; echo a >&2; echo b`, false, []string{running, "ID", "a", "b", "[exited 0]"}},
		{"--stderr=tag", `echo $UNIQUE_ID; sleep 0.1; printf '~a\n~\n' >&2`, true, []string{running, "ID", "~", "~a", "[exited 0]"}},
		{"--stderr=discard", `echo $UNIQUE_ID; echo a >&2; echo b`, false, []string{running, "ID", "b", "[exited 0]"}},
		{"--framing=raw", `printf "$UNIQUE_ID\na"; sleep 0.1; printf 'b\n\nc'`, false, []string{running, "ID", "ab", "", "c", "[exited 0]"}},
		{"--framing=null", `printf "$UNIQUE_ID\0a\nb\0\0c"`, false, []string{running, "ID", "a\nb", "", "c", "[exited 0]"}},
		{"--framing=lsp", `printf "Content-Length: ${#UNIQUE_ID}\r\n\r\n$UNIQUE_ID"; echo junk; printf 'Content-Length: 2\r\n\r\n{}'`, false, []string{running, "ID", "junk", "{}", "[exited 0]"}},
		{"--framing=ndjson", `printf '"%s"\n' "$UNIQUE_ID"; echo junk; echo '{"a":[]}'`, false, []string{running, `"ID"`, "junk", `{"a":[]}`, "[exited 0]"}},
		{"--framing=ndjson", `trap '' INT TERM; printf '"%s"\n' "$UNIQUE_ID"; head -c 2000000 /dev/zero | tr '\0' x; echo; echo '{}'; exit 5`, false, []string{running, `"ID"`, "[exited 5]"}},
		{"--framing=length", `printf "\0\0\0\\$(printf %03o ${#UNIQUE_ID})$UNIQUE_ID\0\0\0\001\377"`, false, []string{running, "base64 ID64", "base64 /w==", "[exited 0]"}},
		{"--binary", `printf "$UNIQUE_ID\n\377"`, false, []string{running, "base64 ALL64", "[exited 0]"}},
	} {
		t.Run(strings.TrimPrefix(test.flags, "--"), func(t *testing.T) {
			t.Parallel()
			args := sh(test.script)
			if test.flags != "" {
				args = append([]string{test.flags}, args...)
			}
			o := operate(t, args...)
			first := o.said("/")
			var tagged struct{ Data string }
			if json.Unmarshal(first, &tagged) == nil && tagged.Data != "" {
				first = []byte(tagged.Data)
			}
			id := strings.Trim(string(bytes.TrimSpace(bytes.SplitAfter(first, []byte("\n"))[0])), `"`)
			want := slices.Clone(test.want)
			for i := range want {
				want[i] = strings.Replace(want[i], "ALL64", base64.StdEncoding.EncodeToString(first), 1)
				want[i] = strings.Replace(want[i], "ID64", base64.StdEncoding.EncodeToString([]byte(id)), 1)
				want[i] = strings.Replace(want[i], "ID", id, 1)
			}
			o.shows(id, test.sorted, want...)
		})
	}
}

// said connects a client, and returns the first message of its program. The client stays until
// its program has ended.
func (o *operated) said(path string) []byte {
	o.t.Helper()
	c := o.Open(o.t, harness.Handshake(path))
	m, err := c.Receive()
	if err != nil {
		o.t.Fatal(err)
	}
	c.Rest(o.t)
	return m.Data
}

// TestChannelOfLeftProcess: a process whose client leaves while it prints is followed to its end,
// and so is one that has to be killed.
func TestChannelOfLeftProcess(t *testing.T) {
	t.Parallel()
	o := operate(t, "--closems=0", "sh", "-c", `case $QUERY_STRING in
deaf) trap '' INT TERM HUP;;
*) trap 'echo last; exit 4' INT TERM;;
esac
echo $UNIQUE_ID; while :; do echo more; sleep 0.01; done`)
	for query, want := range map[string]string{"": "[exited 4]", "deaf": "[killed -1]"} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			c := o.Open(t, harness.Handshake("/?"+query))
			m, err := c.Receive()
			if err != nil {
				t.Fatal(err)
			}
			follower := o.follow(string(m.Data))
			c.Reset()
			follower.t = t
			lines := follower.until(want)
			if last := lines[len(lines)-1]; want == "[exited 4]" && last != "last" {
				t.Errorf("the last line is %q", last)
			}
		})
	}
}

// TestChannelOfPreforked: a process that was started ahead runs when a client gets it.
func TestChannelOfPreforked(t *testing.T) {
	t.Parallel()
	o := operate(t, "--prefork=2", "--preforkrequest", "sh", "-c", `echo early; echo error >&2; read vars; echo "$vars"; exit 6`)
	c := o.Open(t, harness.Handshake("/"))
	c.Expect(t, "early")
	m, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	var vars struct {
		ID string `json:"UNIQUE_ID"`
	}
	if err := json.Unmarshal(m.Data, &vars); err != nil || vars.ID == "" {
		t.Fatalf("%s: %v", m.Data, err)
	}
	o.shows(vars.ID, true, "[running 0]", "early", "error", string(m.Data), "[exited 6]")
}

// TestChannelOfFailure: a process that cannot be started is failed, and everyone hears why.
func TestChannelOfFailure(t *testing.T) {
	t.Parallel()
	o := operate(t, "--dir="+harness.Scripts(t, map[string]string{"bad": "#!/no/such/interpreter\n"}))
	c := connect(t, o.admin)
	c.settled()
	if status, _ := ask(t, "GET", "http://"+o.admin+"/api/hub"); status != 200 {
		t.Errorf("/api/hub: %d", status)
	}
	refused := o.Ask(t, harness.Handshake("/bad"))
	if refused.Status() < 500 {
		t.Fatalf("%d", refused.Status())
	}
	line := c.next().short(t)
	id, why, found := strings.Cut(strings.TrimPrefix(line, "[error failed to start process "), ": ")
	if !found || !strings.Contains(why, "interpreter") {
		t.Fatalf("%q", line)
	}
	o.shows(id, false, "[failed -1]")
}

// TestChannelOfShared: a shared process that is started again goes on in the channel of its
// program, and its numbers go on.
func TestChannelOfShared(t *testing.T) {
	t.Parallel()
	o := operate(t, "--shared", "--start=eager", "--restart=always", "sh", "-c", `echo up; read x; echo "$x" >&2; exit 3`)
	follower := o.follow("sh")
	follower.until("up")
	c := o.Open(t, harness.Handshake("/"))
	c.Text("one")
	before := follower.next()
	if before.short(t) == "[subscribed]" {
		before = follower.next()
	}
	for i, want := range []string{"one", "[exited 3]", "[running 0]", "up"} {
		m := before
		if i > 0 {
			m = follower.next()
		}
		if m.short(t) != want || m.Epoch != before.Epoch || m.Seq != before.Seq+uint64(i) {
			t.Errorf("%+v, want %s", m, want)
		}
	}
	late := connect(t, o.admin)
	late.say(`{"type":"subscribe","data":"process:sh"}`)
	late.expect("[running 0]")
}

// TestChannelOfSeveralShared: the processes of a program's URLs share its channel. It says that
// they run until none does.
func TestChannelOfSeveralShared(t *testing.T) {
	t.Parallel()
	o := operate(t, "--shared", "sh", "-c", `echo "up $PATH_INFO"; read x; echo "down $PATH_INFO"; exit $x`)
	follower := o.follow("sh")
	follower.expect("[subscribed]")
	one, two := o.Open(t, harness.Handshake("/one")), o.Open(t, harness.Handshake("/two"))
	got := []string{follower.next().short(t), follower.next().short(t), follower.next().short(t)}
	slices.Sort(got[1:])
	if want := []string{"[running 0]", "up /one", "up /two"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	two.Text("2")
	two.Rest(t)
	follower.expect("down /two")
	one.Text("1")
	follower.expect("down /one", "[exited 1]")
}

// TestChannelOfSession: the channel of a session has its ID.
func TestChannelOfSession(t *testing.T) {
	t.Parallel()
	o := operate(t, "--resume=1m", "sh", "-c", `echo $SESSION_ID; read x; echo "$x" >&2; exit 2`)
	c := o.Open(t, harness.Handshake("/"))
	m, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	c.Text("well")
	o.shows(string(m.Data), false, "[running 0]", string(m.Data), "well", "[exited 2]")
}

// TestChannelOfWatched: a process that is started again because its file has changed goes on in
// the channel of its session.
func TestChannelOfWatched(t *testing.T) {
	t.Parallel()
	script := filepath.Join(harness.Scripts(t, map[string]string{"program": "echo $SESSION_ID; exec cat"}), "program")
	o := operate(t, "--resume=1m", "--watch", script)
	c := o.Open(t, harness.Handshake("/"))
	m, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	id := string(m.Data)
	follower := o.follow(id)
	follower.until("[subscribed]")
	harness.WriteFile(t, script, "#!/bin/sh\necho new; exec cat\n", 0o755)
	ended := follower.next()
	if status := ended.short(t); status != "[exited 0]" && status != "[killed -1]" {
		t.Errorf("it is %s", status)
	}
	for i, want := range []string{"[running 0]", "new"} {
		if m := follower.next(); m.short(t) != want || m.Epoch != ended.Epoch || m.Seq != ended.Seq+uint64(i)+1 {
			t.Errorf("%+v, want %s", m, want)
		}
	}
}

// TestChannelOfCall: a call has the channel of the request that has made it, over HTTP as well:
// the id of such a call, which is the key to it, names no channel, and nobody prints it.
func TestChannelOfCall(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "config.toml"), "[program.p]\ncommand = ['sh', '-c', 'printf \"$UNIQUE_ID\\n1\"; sleep 0.1; printf \"2\\n3\"; exit 4']\n", 0o644)
	o := operate(t, "--pow", "--config="+filepath.Join(dir, "config.toml"))
	dialer := websocket.Dialer{Subprotocols: []string{"pow-1"}, NetDialContext: harness.DialContext(t)}
	c, _, err := dialer.Dial("ws://"+o.Addr+"/pow/", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.WriteMessage(websocket.BinaryMessage, []byte(`{"call":"p"}`))
	_, first, err := c.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(string(first), "\n")
	o.shows(id, false, "[running 0]", id, "12", "3", "[exited 4]")

	answer := o.Ask(t, harness.Post("/pow/new", `{"call":"p"}`))
	var key string
	if err := json.Unmarshal([]byte(answer.Body), &key); err != nil || len(key) != 36 {
		t.Fatalf("%s: %v", answer.Body, err)
	}
	// The log says which request has made the call of these eight digits.
	id = harness.Fields(o.Out.Await(t, "REJECTED", "call:'"+key[:8]))["id"]
	o.shows(id, false, "[running 0]", id, "12", "3", "[exited 4]")
	if o.Err.Has(key) || o.Out.Has(key) {
		t.Error("the key is printed")
	}
}

// TestChannelAtShutdown: who follows a process sees how it has ended with the server, and is
// closed with 1001.
func TestChannelAtShutdown(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"connection": {"sh"}, "shared": {"--shared", "sh"}, "session": {"--resume=1m", "sh"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := operate(t, append(flags, "-c", `trap 'echo last; exit 7' INT TERM; echo ${SESSION_ID:-$UNIQUE_ID}; while :; do sleep 0.01; done`)...)
			c := o.Open(t, harness.Handshake("/"))
			m, err := c.Receive()
			if err != nil {
				t.Fatal(err)
			}
			id := strings.TrimSpace(string(m.Data))
			if id == "" {
				id = "sh"
			}
			follower := o.follow(id)
			follower.until("[subscribed]")
			o.Signal(t, 15)
			follower.expect("last", "[exited 7]")
			if code, _ := follower.ends(); code != websocket.CloseGoingAway {
				t.Errorf("closed with %d", code)
			}
			if status := o.Wait(t); status != 0 {
				t.Errorf("exit status %d", status)
			}
		})
	}
}
