package mcp

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// sharing returns a client of --shared, which has no session, that has said hello.
func sharing(t *testing.T, s *harness.Server) *peer {
	t.Helper()
	p := &peer{t: t, http: harness.HTTPClient(t), url: "http://" + s.Addr + "/", version: legacyVersion}
	if a := p.initialize(); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return p
}

// askPatiently asks as long as an answer may take; what is never answered is an error.
func (p *peer) askPatiently(r *http.Request) (*answer, error) {
	ctx, cancel := harness.WithPatience(p.t, r.Context())
	defer cancel()
	return p.ask(r.WithContext(ctx))
}

// answers reports whether a call is answered with its result.
func (p *peer) answers() bool {
	a, err := p.askPatiently(p.tool("1", "echo", `"payload":"here"`))
	return err == nil && strings.Contains(strings.Join(a.messages, ""), `"payload":"here"`)
}

// A process that serves everybody and ends with status 0 is replaced when somebody asks, as is
// one that failed.
func TestEndsWithZero(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		open  func(*testing.T, *harness.Server) *peer
		flags []string
	}{
		"modern":  {modernPeer, nil},
		"never":   {modernPeer, []string{"--restart=never"}},
		"shared":  {sharing, []string{"--shared"}},
		"neither": {sharing, []string{"--shared", "--restart=never"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := test.open(t, scripted(t, test.flags...))
			for range 2 {
				pid := p.number("pid")
				p.ask(p.tool("1", "crash", `"n":-1`))
				harness.Until(t, "another process answers", p.answers)
				if p.number("pid") == pid {
					t.Error("the process has not ended")
				}
			}
			if n := len(p.seen(`"initialize"`)); !p.modern && n != 1 {
				t.Errorf("the last one was initialized %d times", n)
			}
		})
	}
}

// A client with a session that leaves a stream while much is said to it stops nothing: what is
// open goes on, and what comes later is answered.
func TestLeavesFlood(t *testing.T) {
	t.Parallel()
	s := scripted(t, "--history=256K")
	for i := range 10 {
		p := legacyPeer(t, s)
		stream := p.send(p.toolProgress("1", `"flood"`, "progress", `"n":30000`))
		for range 100 + i*500 {
			stream.message()
		}
		stream.Body.Close()
		if !p.answers() {
			t.Fatalf("session %d is stuck", i)
		}
	}
}

// However many programs there are, the process of one gets no number twice: a late answer is
// not for who has asked later.
func TestManyPrograms(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "main"), "#!/bin/sh\nexec "+harness.Child(t)+" mcp\n", 0o755)
	const others = 300
	for i := range others {
		harness.WriteFile(t, filepath.Join(dir, fmt.Sprint(i)), "#!/bin/sh\nexit 1\n", 0o755)
	}
	s := harness.Start(t, harness.Binary(t), "--mcp", "--restart=never", "--dir="+dir)
	p := modernPeer(t, s)
	root := p.url
	p.url = root + "main"
	p.call("echo", `"payload":"first"`)
	last := callID(t, p.seen(`"first"`)[0])
	for i := range others {
		p.url = fmt.Sprint(root, i)
		p.ask(p.request("1", "tools/list", ""))
	}
	p.url = root + "main"
	late := make([]string, 0, 10)
	for i := range 10 {
		late = append(late, fmt.Sprintf(`"{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{\"structuredContent\":{\"payload\":\"late\"}}}"`, i))
	}
	a := p.send(p.tool("2", "say", `"payload":"own","before":[`+strings.Join(late, ",")+`]`)).read()
	if got := a.payload(t, "2"); got != `"own"` {
		t.Errorf("the answer is %s", got)
	}
	ids := map[string]bool{}
	for _, line := range p.seen(`"id"`) {
		if id := callID(t, line); ids[id] {
			t.Errorf("%s is the number of two requests; the first call had %s", id, last)
		} else {
			ids[id] = true
		}
	}
}

// A shared process is initialized, and so is every one that replaces it, whether somebody asks
// then or not.
func TestReplacedUnasked(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "server.sh")
	script := "#!/bin/sh\nexec " + harness.Child(t) + " mcp\n"
	harness.WriteFile(t, file, script, 0o755)
	another := func(s *harness.Server, pid int) {
		harness.Until(t, "there is another process", func() bool {
			all := s.Children()
			return len(all) == 1 && all[0] != pid
		})
	}
	for name, test := range map[string]struct {
		flag    string
		replace func(s *harness.Server, pid int)
	}{
		"lingers":   {"--linger=400ms", func(s *harness.Server, _ int) { harness.NoSurvivors(t, s) }},
		"restarted": {"--restart=always", func(s *harness.Server, pid int) { syscall.Kill(pid, syscall.SIGKILL); another(s, pid) }},
		"watched": {"--watch", func(s *harness.Server, pid int) {
			harness.WriteFile(t, file, script+"# another\n", 0o755)
			another(s, pid)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := harness.Start(t, harness.Binary(t), "--mcp", "--shared", test.flag, file)
			p := sharing(t, s)
			pid := p.number("pid")
			moment()
			test.replace(s, pid)
			moment()
			if now := p.number("pid"); now == pid {
				t.Error("it is the same process")
			}
			if n, m := len(p.seen(`"initialize"`)), len(p.seen(`"notifications/initialized"`)); n != 1 || m != 1 {
				t.Errorf("it was initialized %d times, and told so %d times", n, m)
			}
		})
	}
}

// What a process has told of its tools holds for no other one.
func TestToolsOfNextProcess(t *testing.T) {
	t.Parallel()
	s := scripted(t, "--linger=300ms")
	p := modernPeer(t, s)
	stays := p.send(p.request("9", "subscriptions/listen", `"notifications":{}`)) // and so does the process
	stays.message()
	p.call("retool", `"name":"Land"`)
	p.send(p.request("1", "tools/list", "")).read()
	shaped := func(header string) int {
		r := p.tool("1", "shaped", `"region":"eu"`)
		r.Header.Set("Mcp-Param-"+header, "eu")
		return p.send(r).read().status
	}
	if a, b := shaped("Land"), shaped("Region"); a != 200 || b != 400 {
		t.Errorf("%d and %d", a, b)
	}
	stays.Body.Close()
	harness.NoSurvivors(t, s)
	if a, b := shaped("Region"), shaped("Land"); a != 200 || b != 400 {
		t.Errorf("the next process: %d and %d", a, b)
	}
}

// --mcpstart is for each process, also for one behind another that has answered.
func TestNextProcessIsMute(t *testing.T) {
	t.Parallel()
	mute := filepath.Join(t.TempDir(), "mute")
	s := harness.Start(t, harness.Binary(t), "--mcp", "--linger=300ms", "--mcpstart=10s",
		"sh", "-c", `[ -e "$1" ] && exec "$0" mcp -mute; exec "$0" mcp`, harness.Child(t), mute)
	p := modernPeer(t, s)
	p.call("pid", "")
	harness.NoSurvivors(t, s)
	harness.WriteFile(t, mute, "", 0o600)
	c := &openCall{id: "1"}
	c.answer, c.err = p.askPatiently(p.tool("1", "echo", ""))
	c.told(t, "--mcpstart")
}
