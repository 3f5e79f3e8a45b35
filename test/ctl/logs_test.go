package ctl

import (
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

func itoa(n int) string { return strconv.Itoa(n) }

// counting prints numbers, slowly enough that a connection can be cut in between.
const counting = `i=0; while [ $i -lt 100000 ]; do echo "line $i"; i=$((i+1)); sleep 0.002; done`

// checkCount demands "line 0", "line 1" and so on, and returns how many there are.
func checkCount(t *testing.T, text string) int {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		if line != "line "+itoa(i) {
			t.Fatalf("line %d is %q", i, line)
		}
	}
	return len(lines)
}

// TestFollowCut: logs -f through 20 connections that are lost anywhere: nothing is lost, and
// nothing comes twice. A restart of the server is said, and what comes then follows.
func TestFollowCut(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	token := filepath.Join(p.dir, "token")
	harness.WriteFile(t, token, "right-0123456789-0123456789\n", 0o600)
	at := harness.FreePort(t)
	o := p.options(t, "--admin=127.0.0.1:"+itoa(at), "--admintokenfile="+token, "--shared", "--start=eager", "sh", "-c", counting)
	s := o.Start(t)
	proxy := harness.NewProxy(t, "127.0.0.1:"+itoa(at))
	c := p.start(t, "logs", "-f", "sh", "--admin="+proxy.Addr, "--admintokenfile="+token)
	for cut := range 20 {
		c.out.Await(t, "line ")
		proxy.After(rand.IntN(3000), harness.Reset)
		harness.Until(t, "cut "+itoa(cut), proxy.Recovered)
	}
	before := strings.Count(c.out.String(), "\n")
	harness.Until(t, "it goes on", func() bool { return strings.Count(c.out.String(), "\n") > before+10 })
	s.Signal(t, syscall.SIGTERM)
	s.Wait(t)
	harness.Until(t, "that is said", func() bool { return strings.HasSuffix(c.err.String(), "waiting for it\n") })
	first := checkCount(t, c.out.String())
	if c.err.Has("missing here") {
		t.Errorf("standard error %s", c.err.String())
	}
	o.Start(t)
	harness.Until(t, "it comes anew", func() bool { return strings.Count(c.out.String(), "line 20\n") == 2 })
	c.signal(t, syscall.SIGINT)
	if status := c.wait(t); status != 0 || !c.err.Has("some of what was written last may be missing here: the server was started again") {
		t.Errorf("exit status %d, %s", status, c.err.String())
	}
	all := strings.SplitAfterN(c.out.String(), "\n", first+1)
	checkCount(t, all[first])
}

// TestFollowRestart: a server that is found is found again when another process has taken its
// place, but an older one is not.
func TestFollowRestart(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.serve(t, "--shared", "--start=eager", "sh", "-c", "echo other; exec cat")
	s := p.serve(t, "--shared", "--start=eager", "sh", "-c", "echo first; exec cat")
	c := p.start(t, "logs", "-f", "sh")
	c.out.Await(t, "first")
	s.Signal(t, syscall.SIGTERM)
	s.Wait(t)
	c.err.Await(t, "waiting for it")
	p.serve(t, "--shared", "--start=eager", "sh", "-c", "echo second; exec cat")
	c.out.Await(t, "second")
	c.signal(t, syscall.SIGTERM)
	if status := c.wait(t); status != -int(syscall.SIGTERM) || c.out.Has("other") || !c.err.Has("connected again") {
		t.Errorf("exit status %d, %s%s", status, c.out.String(), c.err.String())
	}
}

// TestManyLines: 100,000 lines through a pipe, all of them and the last ones; a reader that
// leaves is no fault.
func TestManyLines(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.serve(t, "--shared", "--start=eager", "--history=64M", "sh", "-c", "seq 100000; exec cat")
	harness.Until(t, "all are written", func() bool { out, _, _ := p.ask(t, "logs", "--lines=1", "sh"); return out == "100000\n" })
	out, stderr, status := p.ask(t, "logs", "sh")
	lines := strings.Fields(out)
	if status != 0 || len(lines) != 100000 || lines[0] != "1" || lines[99999] != "100000" || stderr != "[running]\n" {
		t.Errorf("exit status %d, %d lines, %s", status, len(lines), stderr)
	}
	if out, _, _ := p.ask(t, "logs", "--lines=3", "sh"); out != "99998\n99999\n100000\n" {
		t.Errorf("the last lines are %q", out)
	}
	head := p.command(t)
	head.Path, head.Args = "/bin/sh", []string{"sh", "-c", `"$0" ctl logs -f sh | head -n 2`, harness.Binary(t)}
	if out, stderr, status := run(t, head); out != "1\n2\n" || stderr != "[running]\n" || status != 0 {
		t.Errorf("exit status %d, %q %q", status, out, stderr)
	}
}

// TestHostile: what a program writes reaches a pipe as it is, and cannot control a terminal.
func TestHostile(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.serve(t, "--shared", "--start=eager", "sh", "-c", `printf 'a\033[2J\302\233b\nlast\n'; exec cat`)
	harness.Until(t, "it is written", func() bool { out, _, _ := p.ask(t, "logs", "sh"); return strings.HasSuffix(out, "last\n") })
	p.wants(t, "a\x1b[2J\u009bb\nlast\n", "[running]\n", 0, "logs", "sh")
	c := p.atTerminal(t, 80, plain, "logs", "sh")
	if status := c.wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	c.shows(t, "last\r\n")
	if out := c.out.String(); !strings.Contains(out, `a\x1b[2J\u009bb`+"\r\n") || strings.Contains(out, "\x1b[2J") {
		t.Errorf("the screen shows %q", out)
	}
}

// TestTable: at a terminal there are tables, no wider than that.
func TestTable(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.serve(t, "cat", strings.Repeat("x", 200))
	c := p.atTerminal(t, 90, plain, "list")
	if status := c.wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	c.shows(t, "…\r\n")
	for line := range strings.Lines(c.out.String()) {
		if n := len([]rune(strings.TrimRight(line, "\r\n"))); n > 90 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestAttachTerminal: lines are edited and sent, what comes stands above, Ctrl-D leaves, Ctrl-C
// ends by its signal, and the status is the process's.
func TestAttachTerminal(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.serve(t, "--shared", "--start=eager", "sh", "-c", `while read -r line; do printf 'got %s \033[2J\n' "$line"; [ "$line" != enough ] || exit 3; done`)
	for keys, want := range map[string]int{"\x04": 0, "\x03": -int(syscall.SIGINT)} {
		c := p.atTerminal(t, 80, plain, "attach", "sh")
		c.shows(t, "connected to process:sh; Ctrl-D leaves\r\n")
		c.shows(t, "> ")
		c.types(t, keys)
		if status := c.wait(t); status != want {
			t.Errorf("%q: exit status %d, want %d", keys, status, want)
		}
	}
	c := p.atTerminal(t, 80, plain, "attach", "sh")
	c.shows(t, "> ")
	c.types(t, "ab\x7fc\x01x\r")
	c.shows(t, `< got xac \x1b[2J`+"\r\n")
	c.types(t, "enough\r")
	c.shows(t, "[exited 3]\r\n")
	if status := c.wait(t); status != 3 {
		t.Errorf("exit status %d", status)
	}
	if strings.Contains(c.out.String(), "\x1b[2J") {
		t.Errorf("a line controls the terminal: %q", c.out.String())
	}
}

// TestAttachConnection: a process of one client takes nothing of others, and is shown.
func TestAttachConnection(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.serve(t, "sh", "-c", `echo "$UNIQUE_ID"; read -r line; echo "got $line"; exit 4`)
	c := s.Connect(t)
	first, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	id := string(first.Data)
	attached := p.command(t, "attach", id)
	attached.Stdin = strings.NewReader("not mine\n")
	var stderr harness.Lines
	var stdout harness.Lines
	attached.Stdout, attached.Stderr = &stdout, &stderr
	if err := attached.Start(); err != nil {
		t.Fatal(err)
	}
	stderr.Await(t, "this process takes only what its own client sends, and nothing is sent; what it writes is shown")
	c.Text("mine")
	attached.Wait()
	if status := attached.ProcessState.ExitCode(); status != 4 || stdout.String() != id+"\ngot mine\n" {
		t.Errorf("exit status %d, %s", status, stdout.String())
	}
}

// TestFollowLog: to follow a program is one line of the server's log, with the user who does.
func TestFollowLog(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.serve(t, "--loglevel=access", "--shared", "--start=eager", "sh", "-c", `i=0; while :; do echo "line $i"; i=$((i+1)); sleep 0.05; done`)
	c := p.start(t, "logs", "-f", "sh")
	c.out.Await(t, "line 20")
	log := s.Out.String() + s.Err.String()
	if n := strings.Count(log, "GET /api/channels/process:sh"); n != 1 || !strings.Contains(log, "remote:'unix") || strings.Contains(log, "remote:'@'") {
		t.Errorf("%d lines: %s", n, log)
	}
}
