package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDeb does with the package what an operator does: it installs it, writes one file, starts what
// the unit starts, reloads it, stops it, and removes everything.
func TestDeb(t *testing.T) {
	s := made(t)
	root := scratchRoot(t)
	before := files(t, root)
	run1(t, need(t, "dpkg"), "--root="+root, "--install", filepath.Join(s.Out, s.base(native(t, s))+".deb"))
	service := installed(t, root)

	port := freePort(t)
	configure(t, root, port, "hello")
	server, told := service.start(t)
	serves(t, port, "/hello", "day", "hello day")
	configure(t, root, port, "hello", "bye")
	server.Process.Signal(syscall.SIGHUP)
	told("RELOADING=1")
	told("READY=1")
	serves(t, port, "/bye", "now", "bye now")
	server.Process.Signal(syscall.SIGUSR2) // as the package does when a newer one is installed
	told("READY=1")
	serves(t, port, "/bye", "again", "bye again")
	server.Process.Signal(syscall.SIGTERM)
	told("STOPPING=1")
	ends(t, server)
	service.stopped(t)

	put(t, filepath.Join(root, "var/lib/websocketd/kept"), "by a program")
	run1(t, "dpkg", "--root="+root, "--purge", "websocketd")
	sameFiles(t, before, files(t, root))
}

// service is what the manager of services knows of an installed unit.
type service struct {
	root    string
	command []string
	dir     string
	env     []string
	user    *user.User
}

// installed reads the unit of a root, and makes the folders that the manager makes.
func installed(t *testing.T, root string) service {
	t.Helper()
	unit := filepath.Join(root, "usr/lib/systemd/system/websocketd.service")
	s := service{root: root}
	line, _ := directive(t, unit, "ExecStart")
	s.command = strings.Fields(line)
	s.dir, _ = directive(t, unit, "WorkingDirectory")
	name, _ := directive(t, unit, "User")
	variable, _ := directive(t, unit, "Environment")
	s.env = []string{variable, "NOTIFY_SOCKET=/run/notify", "PATH=/usr/bin:/bin"}
	s.user = userOf(t, root, name)
	for _, folder := range []string{"var/lib/websocketd", "var/log/websocketd", "run/websocketd"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(filepath.Join(root, folder), number(t, s.user.Uid), number(t, s.user.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// userOf finds the user of a name in a root.
func userOf(t *testing.T, root, name string) *user.User {
	t.Helper()
	users, err := os.ReadFile(filepath.Join(root, "etc/passwd"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(users)) {
		if f := strings.Split(strings.TrimSpace(line), ":"); f[0] == name {
			return &user.User{Username: name, Uid: f[2], Gid: f[3], HomeDir: f[5]}
		}
	}
	t.Fatalf("there is no user %q in\n%s", name, users)
	return nil
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// start starts what the unit starts, as its user in its root, and waits until it says that it
// serves. told waits for what it says next.
func (s service) start(t *testing.T) (server *exec.Cmd, told func(string)) {
	t.Helper()
	withProc(t, s.root)
	address := filepath.Join(s.root, "run/notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { manager.Close() })
	if err := os.Chmod(address, 0o777); err != nil {
		t.Fatal(err)
	}
	server = &exec.Cmd{Path: s.command[0], Args: s.command, Dir: s.dir, Env: s.env, SysProcAttr: &syscall.SysProcAttr{
		Chroot: s.root, Credential: &syscall.Credential{Uid: uint32(number(t, s.user.Uid)), Gid: uint32(number(t, s.user.Gid))},
	}}
	start(t, server)
	told = func(want string) {
		t.Helper()
		manager.SetReadDeadline(time.Now().Add(patience))
		message := make([]byte, 4096)
		for {
			n, err := manager.Read(message)
			if err != nil {
				t.Fatalf("the server does not say %s: %v", want, err)
			}
			if strings.Contains("\n"+string(message[:n])+"\n", "\n"+want+"\n") {
				return
			}
		}
	}
	told("READY=1")
	return server, told
}

// stopped removes what the manager removes when a service has stopped.
func (s service) stopped(t *testing.T) {
	t.Helper()
	for _, name := range []string{"run/websocketd", "run/notify"} {
		if err := os.RemoveAll(filepath.Join(s.root, name)); err != nil {
			t.Error(err)
		}
	}
}

// configure writes the operator's one file.
func configure(t *testing.T, root string, port int, programs ...string) {
	t.Helper()
	text := fmt.Sprintf("port = %d\n", port)
	for _, name := range programs {
		text += fmt.Sprintf("\n[program.%s]\ncommand = [\"sh\", \"-c\", 'read -r line; echo \"%s $line\"']\n", name, name)
	}
	put(t, filepath.Join(root, "etc/websocketd/websocketd.toml"), text)
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestLintian has Debian's own tool look at the package; package/lintian-overrides says what it may
// not like, and why.
func TestLintian(t *testing.T) {
	t.Parallel()
	s := made(t)
	out := run1(t, need(t, "lintian"), "--allow-root", "--fail-on=error,warning", filepath.Join(s.Out, s.base(native(t, s))+".deb"))
	if out != "" {
		t.Errorf("lintian says\n%s", out)
	}
}
