package upgrade

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	goclient "websocketd/client"
	"websocketd/test/harness"
)

// become makes the file of the server's executable another one.
func (h *house) become(t *testing.T, script string) {
	t.Helper()
	if err := os.Remove(h.Exe); err != nil { // those that run keep what they have
		t.Fatal(err)
	}
	harness.WriteFile(t, h.Exe, "#!/bin/sh\n"+script+"\n", 0o755)
}

// recover makes it our binary again.
func (h *house) recover(t *testing.T) {
	t.Helper()
	data, err := os.ReadFile(harness.Binary(t))
	if err == nil {
		err = os.Remove(h.Exe)
	}
	if err != nil {
		t.Fatal(err)
	}
	harness.WriteFile(t, h.Exe, string(data), 0o755)
}

// fail asks for an upgrade that fails, and waits until the log says why.
func (h *house) fail(t *testing.T, why string) {
	t.Helper()
	failed := len(h.Out.With("Not replaced"))
	h.Signal(t, syscall.SIGUSR2)
	h.awaitFailure(t, failed, why)
}

func (h *house) awaitFailure(t *testing.T, before int, why string) {
	t.Helper()
	var lines []string
	harness.Until(t, "the log says that the server was not replaced", func() bool {
		lines = h.Out.With("Not replaced")
		return len(lines) > before
	})
	if line := lines[before]; !strings.Contains(line, why) || !strings.Contains(line, "this server goes on") {
		t.Errorf("%q does not say %q", line, why)
	}
}

// A new server that fails, at whatever point before it has taken over, changes nothing: the old one
// goes on with its processes and clients, nothing is lost, and a good one can take its place later.
func TestFailures(t *testing.T) {
	t.Parallel()
	successor := "exec " + harness.Child(t) + " successor "
	failures := []struct{ script, why string }{
		{"exec false", "did not get ready: it has ended; its log says why: exit status 1"},
		{"kill -SEGV $$", "did not get ready: it has ended; its log says why: signal: segmentation fault"},
		{successor + "offered", "did not get ready: it has ended"},
		{successor + "failed", "did not get ready: as the test wants it"},
		{successor + "nonsense", `did not get ready: it says "nonsense"`},
		{successor + "ready", "has not taken over: it has ended"},
		{successor + "all", "has not taken over: it has ended"},
		{"nonsense(", "did not get ready: it has ended"},
	}
	for _, lifetime := range []string{"--resume=1m", "--shared"} {
		t.Run(lifetime[2:5], func(t *testing.T) {
			t.Parallel()
			h := start(t, append([]string{lifetime, "--history=64M"}, talking(t, "-every=1ms", "-halves")...)...)
			c := newTalk(t, "ws://"+h.Addr+"/", "line", goclient.Options{})
			converse(t, c, func() {
				for _, f := range failures {
					h.become(t, f.script)
					h.fail(t, f.why)
				}
				if err := os.Remove(h.Exe); err != nil {
					t.Fatal(err)
				}
				h.fail(t, "start the new server: ")
				harness.WriteFile(t, h.Exe, "no script", 0o755)
				h.fail(t, "start the new server: ")
				h.recover(t)
				h.upgradeAfter(t)
			})
			h.end(t, 0)
			t.Logf("%d messages heard, %d sent; %d connections, longest gap %v", c.last, c.sent, c.opened, c.gap)
		})
	}
}

// upgradeAfter does what upgrade does, though others have failed before.
func (h *house) upgradeAfter(t *testing.T) {
	t.Helper()
	h.Signal(t, syscall.SIGUSR2)
	h.Out.Await(t, "Took over ")
	h.Out.Await(t, "Replaced ")
	h.replaced++
}

// A configuration that cannot be served keeps the old server, and the operator is told why.
func TestWrongConfig(t *testing.T) {
	t.Parallel()
	o := options(t, "--config=f.toml", "--admin=unix:admin.sock")
	write(t, o, "f.toml", "[program.a]\ncommand = [\"cat\"]\nlifetime = \"shared\"\n")
	h := startWith(t, o)
	c := h.ConnectTo(t, "/a")
	c.Echo(t, "before")
	write(t, o, "f.toml", "[program.a]\ncommand = [\"cat\"]\nshare = true\n")
	if out, err := h.ctl(t, o, "upgrade"); err == nil || !strings.Contains(out, "f.toml:") {
		t.Errorf("%v: %s", err, out)
	}
	c.Echo(t, "after")
	write(t, o, "f.toml", "[program.b]\ncommand = [\"sh\", \"-c\", \"touch begun; exec cat\"]\nlifetime = \"supervised\"\n")
	if out, err := h.ctl(t, o, "upgrade"); err == nil || !strings.Contains(out, "/a: nothing is served there any more") {
		t.Errorf("%v: %s", err, out)
	}
	h.ConnectTo(t, "/a").Expect(t, "before", "after")
	h.end(t, 0)
	if _, err := os.Stat(filepath.Join(o.Dir, "begun")); err == nil {
		t.Error("the server that was refused has begun a program")
	}
}

// A new server that fails when it has the listeners leaves the files of unix sockets and their locks to
// the old one: clients find that one, and no other server takes its place.
func TestFailureLeavesSockets(t *testing.T) {
	t.Parallel()
	dir := harness.ShortDir(t)
	used, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close()
	settings := func(admin, program string) string {
		return fmt.Sprintf("admin = %q\n[program.%s]\ncommand = [\"cat\"]\nlifetime = \"shared\"\n", admin, program)
	}
	cert := harness.NewCertificate(t, dir, "localhost", "localhost")
	key, err := os.ReadFile(cert.Key)
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, "--config=f.toml", "--ssl", "--sslcert="+cert.Cert, "--sslkey="+cert.Key)
	o.Unix, o.Dir = filepath.Join(dir, "s"), dir
	good := settings("unix:admin.sock", "a")
	write(t, o, "f.toml", good)
	h := startWith(t, o)
	connect := func() {
		c := h.Dial(t).Secure(t, &tls.Config{RootCAs: cert.Roots, ServerName: "localhost"})
		c.Send(t, harness.Handshake("/a").String())
		if err := c.ReadResponse(); err != nil || c.Status() != 101 {
			t.Fatalf("%v, %v", c.Response, err)
		}
	}
	connect()
	before := sockets(t, dir)
	for _, wrong := range []struct{ settings, key, why string }{
		{settings(used.Addr().String(), "a"), string(key), "did not get ready: it has ended"},
		{good, "none", "did not get ready: it has ended"},
		{settings("unix:admin.sock", "b"), string(key), "/a: nothing is served there any more"},
	} {
		write(t, o, "f.toml", wrong.settings)
		harness.WriteFile(t, cert.Key, wrong.key, 0o600)
		h.fail(t, wrong.why)
		if after := sockets(t, dir); !maps.EqualFunc(before, after, os.SameFile) {
			t.Errorf("after %q there is %v, not %v", wrong.why, after, before)
		}
		connect()
		if out, err := h.ctl(t, o, "list"); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
	write(t, o, "f.toml", good)
	h.upgradeAfter(t)
	connect()
	h.end(t, 0)
	if left := sockets(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// sockets returns the files of the unix sockets in a directory, and those of their locks.
func sockets(t *testing.T, dir string) map[string]os.FileInfo {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]os.FileInfo{}
	for _, f := range files {
		info, err := f.Info()
		if err == nil && (info.Mode()&os.ModeSocket != 0 || filepath.Ext(f.Name()) == ".lock") {
			all[f.Name()] = info
		}
	}
	return all
}

// A new server that hangs when it is ready does not keep the clients away for long.
func TestStuck(t *testing.T) {
	t.Parallel()
	h := start(t, append([]string{"--shared", "--history=64M"}, talking(t, "-every=1ms")...)...)
	c := newTalk(t, "ws://"+h.Addr+"/", "line", goclient.Options{})
	converse(t, c, func() {
		h.become(t, "exec "+harness.Child(t)+" successor stuck ready")
		h.fail(t, "has not taken over: it is too late")
	})
	h.end(t, 0)
}

// A new server that hangs does not keep the old one from ending when it is asked to.
func TestHanging(t *testing.T) {
	t.Parallel()
	for at, codes := range map[string][]int{"offered": {1001}, "ready": {1001, 1012}, "all": {1012}} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			h := start(t, append([]string{"--shared"}, talking(t, "-every=1ms")...)...)
			c := h.Connect(t)
			h.become(t, "exec "+harness.Child(t)+" successor stuck "+at)
			h.Signal(t, syscall.SIGUSR2)
			h.Out.Await(t, "stuck at "+at)
			h.Signal(t, syscall.SIGTERM)
			h.Out.Await(t, `given up: the server has got the signal "terminated"`)
			_, end := c.Rest(t)
			if !slices.Contains(codes, end.Code) {
				t.Error(end)
			}
			h.ends(t, 0)
		})
	}
}

// Of two upgrades at once one is made at least, and nothing is lost.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	o := options(t, append([]string{"--admin=unix:admin.sock", "--resume=1m", "--history=64M"}, talking(t, "-every=1ms")...)...)
	h := startWith(t, o)
	c := newTalk(t, "ws://"+h.Addr+"/", "line", goclient.Options{})
	converse(t, c, func() {
		var asking sync.WaitGroup
		var made atomic.Int64
		for range 2 {
			asking.Go(func() {
				if out, err := h.ctl(t, o, "upgrade"); err == nil {
					made.Add(1)
				} else if !strings.Contains(out, "this server was replaced") && !strings.Contains(out, "another upgrade is under way") {
					t.Errorf("%v: %s", err, out)
				}
			})
		}
		asking.Wait()
		if made.Load() == 0 {
			t.Error("none was made")
		}
		h.Out.Await(t, "Took over ")
	})
	h.end(t, 0)
}
