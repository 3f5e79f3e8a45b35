// Package connect tests websocketd connect through the real binary, mostly against a real
// server.
package connect

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// client is a running websocketd connect.
type client struct {
	in       *os.File      // its standard input, to be written
	out, err harness.Lines // its output, unless that goes elsewhere

	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	end  error
}

// start runs websocketd connect with a pipe as standard input.
func start(t *testing.T, args ...string) *client {
	t.Helper()
	return startWith(t, nil, args...)
}

// startWith does what start does, with another standard output.
func startWith(t *testing.T, stdout *os.File, args ...string) *client {
	t.Helper()
	c := &client{cmd: exec.Command(harness.Binary(t), append([]string{"connect"}, args...)...), done: make(chan struct{})}
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c.in, c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = to, from, &c.out, &c.err
	if stdout != nil {
		c.cmd.Stdout = stdout
	}
	c.cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	c.run(t)
	from.Close()
	t.Cleanup(func() { to.Close() })
	return c
}

// run starts the process, which ends with the test.
func (c *client) run(t *testing.T) {
	t.Helper()
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.done)
		c.end = c.cmd.Wait()
	}()
	t.Cleanup(func() {
		c.cmd.Process.Kill()
		<-c.done
	})
}

// say writes to standard input.
func (c *client) say(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(c.in, text); err != nil {
		t.Fatal(err)
	}
}

// signal sends a signal.
func (c *client) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// wait returns the exit status, as a shell has it, with a minus for a signal.
func (c *client) wait(t *testing.T) int {
	t.Helper()
	harness.Until(t, "websocketd connect ends", func() bool {
		select {
		case <-c.done:
			return true
		default:
			return false
		}
	})
	var ended *exec.ExitError
	if c.end != nil && !errors.As(c.end, &ended) {
		t.Fatal(c.end)
	}
	status := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return -int(status.Signal())
	}
	return status.ExitStatus()
}

// ends demands an exit status and what stands on both outputs, which is all of standard
// output and a part of standard error; no part means that there is nothing.
func (c *client) ends(t *testing.T, status int, stdout, stderr string) {
	t.Helper()
	if got := c.wait(t); got != status {
		t.Errorf("exit status %d, want %d", got, status)
	}
	if got := c.out.String(); got != stdout {
		t.Errorf("standard output %.200q, want %q", got, stdout)
	}
	if got := c.err.String(); !strings.Contains(got, stderr) || stderr == "" && got != "" {
		t.Errorf("standard error %q, want %q", got, stderr)
	}
}

// serve starts a server of a shell script, and returns its URL.
func serve(t *testing.T, script string, flags ...string) (s *harness.Server, address string) {
	t.Helper()
	s = harness.Start(t, harness.Binary(t), append(flags, "sh", "-c", script)...)
	return s, "ws://" + s.Addr + "/"
}

// put writes to a named pipe, when somebody reads it.
func put(t *testing.T, fifo, text string) {
	t.Helper()
	if err := os.WriteFile(fifo, []byte(text), 0); err != nil {
		t.Fatal(err)
	}
}
