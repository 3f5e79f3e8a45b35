// Package ctl tests websocketd ctl through the real binary, against a real server.
package ctl

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// place is where the servers of a test have their sockets.
type place struct{ dir string }

func newPlace(t *testing.T) *place {
	t.Helper()
	return &place{harness.ShortDir(t)}
}

// serve starts a server that is managed.
func (p *place) serve(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return p.options(t, append([]string{"--admin"}, args...)...).Start(t)
}

func (p *place) options(t *testing.T, args ...string) harness.Options {
	return harness.Options{Bin: harness.Binary(t), Args: args, Env: []string{"XDG_RUNTIME_DIR=" + p.dir}}
}

// socket returns the path of a server's socket.
func (p *place) socket(s *harness.Server) string {
	return filepath.Join(p.dir, "websocketd", strconv.Itoa(s.PID)+".sock")
}

// command returns websocketd ctl as a command, with this environment alone.
func (p *place) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(harness.Binary(t), append([]string{"ctl"}, args...)...)
	cmd.Env = []string{"XDG_RUNTIME_DIR=" + p.dir, "GORACE=atexit_sleep_ms=0", "PATH=" + os.Getenv("PATH")}
	return cmd
}

// ask runs websocketd ctl to its end.
func (p *place) ask(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	return run(t, p.command(t, args...))
}

func run(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, status int) {
	t.Helper()
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	failed := cmd.Run()
	if ended := new(exec.ExitError); failed != nil && !errors.As(failed, &ended) {
		t.Fatal(failed)
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// wants demands what websocketd ctl prints and its status.
func (p *place) wants(t *testing.T, stdout, stderr string, status int, args ...string) {
	t.Helper()
	out, err, got := p.ask(t, args...)
	if out != stdout || err != stderr || got != status {
		t.Errorf("%s: exit status %d, %q, %q; want %d, %q, %q", args, got, out, err, status, stdout, stderr)
	}
}

// client is a running websocketd ctl.
type client struct {
	out, err harness.Lines
	cmd      *exec.Cmd
	done     chan struct{} // closed when it has ended
	screen   *os.File      // where it is at a terminal
}

// start runs websocketd ctl.
func (p *place) start(t *testing.T, args ...string) *client {
	t.Helper()
	c := &client{cmd: p.command(t, args...)}
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.err
	c.run(t)
	return c
}

// plain is the environment of a terminal without colours.
var plain = []string{"TERM=xterm", "NO_COLOR=1"}

// atTerminal runs websocketd ctl at a terminal of so many columns. What it shows is in out.
func (p *place) atTerminal(t *testing.T, columns int, env []string, args ...string) *client {
	t.Helper()
	screen, tty := harness.NewPTY(t, columns)
	c := &client{cmd: p.command(t, args...), screen: screen}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = tty, tty, tty
	c.cmd.Env = append(c.cmd.Env, env...)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	c.run(t)
	tty.Close()
	var reading sync.WaitGroup
	reading.Go(func() { io.Copy(&c.out, screen) })
	t.Cleanup(func() {
		c.cmd.Process.Kill()
		<-c.done
		screen.Close()
		reading.Wait()
	})
	return c
}

func (c *client) run(t *testing.T) {
	t.Helper()
	c.done = make(chan struct{})
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { c.cmd.Wait(); close(c.done) }()
	t.Cleanup(func() {
		c.cmd.Process.Kill()
		<-c.done
	})
}

func (c *client) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// wait returns the exit status, with a minus for a signal.
func (c *client) wait(t *testing.T) int {
	t.Helper()
	harness.Until(t, "websocketd ctl ends", func() bool {
		select {
		case <-c.done:
			return true
		default:
			return false
		}
	})
	status := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return -int(status.Signal())
	}
	return status.ExitStatus()
}

// shows waits until something is on the screen.
func (c *client) shows(t *testing.T, text string) {
	t.Helper()
	has := func() bool { return strings.Contains(c.out.String(), text) }
	if harness.Within(harness.Patience(t), has) {
		return
	}
	c.cmd.Process.Signal(syscall.SIGQUIT) // it says where its goroutines are
	select {
	case <-c.done:
	case <-time.After(harness.Patience(t)):
	}
	t.Fatalf("waited in vain for the screen to show %q: %s", text, c.out.String())
}

func (c *client) types(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(c.screen, keys); err != nil {
		t.Fatal(err)
	}
}
