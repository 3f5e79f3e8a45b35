package ctl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// trio are programs of which web is started after db, and task after nothing; log.txt has who has
// started and ended, in order.
const trio = `
[program.db]
command  = ["sh", "-c", "trap 'echo db ends >>log.txt; exit' TERM; echo db >>log.txt; echo ready; while :; do sleep 0.05; done"]
lifetime = "supervised"
ready    = { line = "ready", timeout = "1h" }
kill_timeout = "1h"
[program.web]
command   = ["sh", "-c", "trap 'echo web ends >>log.txt; exit' TERM; echo web >>log.txt; echo from $NODE_APP_INSTANCE; while :; do sleep 0.05; done"]
lifetime  = "supervised"
after     = ["db:ready"]
kill_timeout = "1h"
[program.task]
command     = ["sh", "-c", "exit 5"]
lifetime    = "supervised"
autorestart = false
`

// supervise starts a server with the programs of a file, in the directory dir.
func (p *place) supervise(t *testing.T, file string, args ...string) (s *harness.Server, dir string) {
	t.Helper()
	dir = t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "w.toml"), file, 0o600)
	o := p.options(t, append([]string{"--admin", "--config=w.toml"}, args...)...)
	o.Dir = dir
	return o.Start(t), dir
}

// instance is a document of ctl ps.
type instance struct {
	Name, Program, Status, Why string
	ID, Pid, Restarts          int
	Waits                      []string
}

// instances returns what ctl ps shows, by name.
func (p *place) instances(t *testing.T) map[string]instance {
	t.Helper()
	var all []instance
	p.read(t, &all, "ps")
	of := map[string]instance{}
	for _, one := range all {
		of[one.Name] = one
	}
	return of
}

// is demands the status of instances, as NAME=STATUS.
func (p *place) is(t *testing.T, want string) {
	t.Helper()
	all := p.instances(t)
	for pair := range strings.FieldsSeq(want) {
		name, status, _ := strings.Cut(pair, "=")
		if got := all[name].Status; got != status {
			t.Errorf("%s is %q, want %s: %+v", name, got, status, all)
		}
	}
}

// TestOperate: each verb returns after its deed, and only then.
func TestOperate(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	_, dir := p.supervise(t, trio)
	harness.Until(t, "web is online", func() bool { return p.instances(t)["web"].Status == "online" })
	before := p.instances(t)
	p.is(t, "db=online task=stopped")
	p.wants(t, "web: stopped\n", "", 0, "stop", "--json=false", "web")
	p.is(t, "web=stopped db=online")
	p.wants(t, `{"name":"web","done":"started"}`+"\n", "", 0, "start", "web")
	p.is(t, "web=online")
	p.wants(t, "", "websocketd ctl: web is already online\n", 1, "start", "--json=false", "web")
	p.wants(t, "web: restarted\n", "", 0, "restart", "--json=false", "web")
	for _, want := range []string{"restart", "reload"} {
		pid := p.instances(t)["db"].Pid
		p.wants(t, "db: "+want+"ed\n", "", 0, want, "--json=false", "db")
		if now := p.instances(t)["db"]; now.Pid == pid || now.Status != "online" {
			t.Errorf("%s: it was %d and is %+v", want, pid, now)
		}
	}
	p.wants(t, "web: scaled to 3 instances\n", "", 0, "scale", "--json=false", "web", "3")
	p.is(t, "web-0=online web-1=online web-2=online")
	p.wants(t, "from 2\n", "", 0, "logs", "web-2")
	p.wants(t, "web-1: stopped\n", "", 0, "stop", "--json=false", "web-1")
	p.is(t, "web-0=online web-1=stopped web-2=online")
	p.wants(t, "web: scaled to 1 instance\n", "", 0, "scale", "--json=false", "web", "1")
	if now := p.instances(t); now["web"].ID != before["web"].ID || len(now) != 3 {
		t.Errorf("%+v", now)
	}
	p.wants(t, "web: stopped\ndb: stopped\ntask: stopped\n", "", 0, "stop", "--json=false", "all")
	log, err := os.ReadFile(filepath.Join(dir, "log.txt"))
	if err != nil || !strings.HasSuffix(string(log), "web ends\ndb ends\n") {
		t.Errorf("%v: %s", err, log)
	}
	p.wants(t, "task: deleted\n", "", 0, "delete", "--json=false", "task")
	p.wants(t, "", `websocketd ctl: there is no supervised program "task": websocketd ctl ps shows which there are`+"\n", 1, "stop", "--json=false", "task")
	p.is(t, "web=stopped db=stopped task=")
}

// TestOperateFails: what does not come about in time, or at all, is said, and the way out.
func TestOperateFails(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s, _ := p.supervise(t, trio+`
[program.never]
command  = ["sleep", "1d"]
lifetime = "supervised"
ready    = { line = "never", timeout = "1h" }
[program.behind]
command  = ["cat"]
lifetime = "supervised"
after    = ["never:ready"]
[program.plain]
command = ["cat"]
[program.bad]
command      = ["sh", "-c", "exit 9"]
lifetime     = "supervised"
max_restarts = 2
min_uptime   = "1h"
ready        = { line = "never", timeout = "1h" }
`)
	harness.Until(t, "bad is errored", func() bool { return p.instances(t)["bad"].Status == "errored" })
	all := p.instances(t)
	if w := all["behind"].Waits; len(w) != 1 || w[0] != "never:ready" || all["bad"].Restarts != 2 || all["never"].Status != "starting" {
		t.Errorf("%+v", all)
	}
	if out, _, _ := p.ask(t, "ps", "--json=false"); !strings.Contains(out, "waits for never:ready\n") || !strings.Contains(out, "exit status 9") {
		t.Errorf("%s", out)
	}
	p.wants(t, "", "websocketd ctl: not restarted after 100ms: websocketd ctl ps shows how it is, and --timeout=DURATION waits longer\n", 1, "restart", "--json=false", "--timeout=100ms", "never")
	p.wants(t, `{"name":"bad","error":"bad has ended before it was online: exit status 9"}`+"\n", "websocketd ctl: bad has ended before it was online: exit status 9\n", 1, "start", "bad")
	p.wants(t, "", "websocketd ctl: this is program plain, which is not supervised: websocketd ctl end ends its processes\n", 1, "stop", "--json=false", "plain")
	late := p.start(t, "restart", "never")
	harness.Until(t, "it is asked", func() bool { return len(s.Out.With("POST /api/processes/never/restart")) == 2 })
	p.wants(t, "behind: stopped\nnever: stopped\n", "", 0, "stop", "--json=false", "never", "behind")
	if status := late.wait(t); status != 1 || !late.err.Has("websocketd ctl: never was stopped\n") {
		t.Errorf("exit status %d, %s", status, late.err.String())
	}
}
