package ctl

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// read reads what websocketd ctl prints as JSON.
func (p *place) read(t *testing.T, into any, args ...string) {
	t.Helper()
	out, stderr, status := p.ask(t, args...)
	if err := json.Unmarshal([]byte(out), into); err != nil || status != 0 {
		t.Fatalf("%s: exit status %d, %s%s", args, status, out, stderr)
	}
}

// TestVerbs: what runs is shown, and ended.
func TestVerbs(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.serve(t, "cat")
	var all []struct{ ID, Program string }
	one, two := s.Connect(t), s.Connect(t)
	harness.Until(t, "both are connected", func() bool { p.read(t, &all, "connections"); return len(all) == 2 })
	var programs []struct {
		Name        string
		Connections int
	}
	if p.read(t, &programs, "list"); len(programs) != 1 || programs[0].Name != "cat" || programs[0].Connections != 2 {
		t.Errorf("%+v", programs)
	}
	var state struct{ Pid, Connections int }
	if p.read(t, &state, "info"); state.Pid != s.PID || state.Connections != 2 {
		t.Errorf("%+v", state)
	}
	id := all[0].ID
	one.Text("hello")
	harness.Until(t, "its output is kept", func() bool { out, _, _ := p.ask(t, "logs", id); return out == "hello\n" })
	p.wants(t, "", "websocketd ctl: each client of cat has a process of its own: name one of websocketd ctl connections\n", 1, "logs", "cat")
	p.wants(t, id+": kicked\n", "", 0, "kick", "--json=false", id)
	one.Ends(t, 1008, "kicked")
	harness.Until(t, "it is not listed", func() bool { p.read(t, &all, "connections"); return len(all) == 1 })
	p.wants(t, "hello\n", "[running]\n[exited 0]\n", 0, "logs", id) // though it is over
	if out, stderr, status := p.ask(t, "kick", id, all[0].ID); status != 1 || !strings.Contains(out, `{"name":"`+all[0].ID+`"}`) || !strings.Contains(stderr, id+": there is no connection of that id: websocketd ctl connections lists them\n") {
		t.Errorf("exit status %d, %s%s", status, out, stderr)
	}
	two.Ends(t, 1008, "kicked")
	three := s.Connect(t)
	harness.Until(t, "it is listed", func() bool { p.read(t, &all, "connections"); return len(all) == 1 })
	p.wants(t, "cat: ended 1 process\n", "", 0, "end", "--json=false", "cat")
	three.Ends(t, 1008, "")
}

// TestSessions: a session is named by its id or its number.
func TestSessions(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.serve(t, "--resume=1m", "sh", "-c", `echo hello; read -r line; echo "got $line"; exec cat`)
	c := s.Connect(t)
	var all []struct {
		ID, Program, Path string
		Number            int
	}
	harness.Until(t, "there is a session", func() bool { p.read(t, &all, "sessions"); return len(all) == 1 })
	var program struct{ Path string }
	if p.read(t, &program, "info", all[0].Program); program.Path != "/" || all[0].Path != "/" {
		t.Errorf("the program of %+v is not that of list", all[0])
	}
	harness.Until(t, "its output is kept", func() bool { out, _, _ := p.ask(t, "logs", "1"); return out == "hello\n" })
	p.wants(t, "", "websocketd ctl: each session of sh has a process of its own: name one of websocketd ctl sessions\n", 1, "logs", "sh")
	attached := p.command(t, "attach", all[0].ID)
	attached.Stdin = strings.NewReader("typed\n")
	over := make(chan struct{})
	go func() {
		defer close(over)
		out, stderr, status := run(t, attached)
		if out != "hello\ngot typed\n" || stderr != "[running]\n[exited 0]\n" || status != 0 {
			t.Errorf("exit status %d, %q %q", status, out, stderr)
		}
	}()
	c.Expect(t, "hello", "got typed")
	p.wants(t, "1: ended session "+all[0].ID+"\n", "", 0, "end", "--json=false", "1")
	<-over
}

// TestSeveralServers: the newest counts, and all are named at a terminal, and to who changes something; one that was killed leaves a socket that
// nobody listens on.
func TestSeveralServers(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if err := os.Mkdir(filepath.Join(p.dir, "websocketd"), 0o700); err != nil {
		t.Fatal(err)
	}
	dead := filepath.Join(p.dir, "websocketd", "1.sock")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrUnix{Name: dead}) // and does not listen
	}
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	first := p.serve(t, "cat")
	p.wants(t, "[]\n", "", 0, "sessions")
	second := p.serve(t, "cat")
	want := fmt.Sprintf("2 servers of this user run, and this is the newest one, unix:%s (pid %d); for another write --admin=unix:%s (pid %d)", p.socket(second), second.PID, p.socket(first), first.PID)
	p.wants(t, "cat: ended 0 processes\n", "websocketd ctl: "+want+"\n", 0, "end", "--json=false", "cat")
	c := p.atTerminal(t, 80, plain, "info")
	c.shows(t, want)
	if status := c.wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	out, stderr, status := p.ask(t, "info") // a pipe is told nothing
	if status != 0 || stderr != "" || !strings.Contains(out, fmt.Sprintf(`"pid":%d,`, second.PID)) {
		t.Errorf("exit status %d, %s%s", status, out, stderr)
	}
	var state struct{ Pid int }
	if p.read(t, &state, "info", "--admin=unix:"+p.socket(first)); state.Pid != first.PID {
		t.Errorf("asked %d", state.Pid)
	}
}

// TestOtherUser: nobody asks another user's server, nor is asked to by a directory of theirs.
func TestOtherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		harness.Skip(t, "root", "only root has another user's socket tried")
	}
	p := newPlace(t)
	s := p.serve(t, "cat")
	bin := filepath.Join(p.dir, "bin")
	if out, err := exec.Command("cp", harness.Binary(t), bin).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	os.Chmod(bin, 0o755)
	os.Chmod(p.dir, 0o755)
	for _, test := range []struct{ arg, want string }{
		{"--admin=unix:" + p.socket(s), "is another user's: only that user and root may ask there"},
		{"--json", "websocketd belongs to another user, and is not used"},
	} {
		cmd := p.command(t, "list", test.arg)
		cmd.Path = bin
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		if out, stderr, status := run(t, cmd); status != 1 || out != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: exit status %d, %s%s", test.arg, status, out, stderr)
		}
	}
}

// TestToken: over TCP the token is needed, and is that of a file or of the URL.
func TestToken(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	wrong, right := filepath.Join(p.dir, "wrong"), filepath.Join(p.dir, "right")
	harness.WriteFile(t, wrong, "wrong-0123456789-0123456789\n", 0o600)
	harness.WriteFile(t, right, "right-0123456789-0123456789\n", 0o600)
	at := harness.FreePort(t)
	s := p.options(t, "--admin=127.0.0.1:"+itoa(at), "--admintokenfile="+right, "cat").Start(t)
	address := "--admin=127.0.0.1:" + itoa(at)
	p.wants(t, "[]\n", "", 0, "sessions", address, "--admintokenfile="+right)
	p.wants(t, "[]\n", "", 0, "sessions", "--admin=http://127.0.0.1:"+itoa(at)+"/#token=right-0123456789-0123456789")
	for _, args := range [][]string{{"list", address}, {"list", address, "--admintokenfile=" + wrong}} {
		if out, stderr, status := p.ask(t, args...); status != 1 || out != "" || !strings.Contains(stderr, "--admintokenfile=FILE names a file with the token, WEBSOCKETD_ADMINTOKEN is") || strings.Contains(stderr, "0123") {
			t.Errorf("%s: exit status %d, %s%s", args, status, out, stderr)
		}
	}
	s.Signal(t, syscall.SIGTERM)
	s.Wait(t)
	p.wants(t, "", "websocketd ctl: nothing listens at http://127.0.0.1:"+itoa(at)+": start a server with --admin=127.0.0.1:"+itoa(at)+"\n", 1, "list", address)
}
