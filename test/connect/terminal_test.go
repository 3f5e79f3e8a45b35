package connect

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// terminal is a websocketd connect at a pseudo-terminal.
type terminal struct {
	client
	screen  *os.File
	reading sync.WaitGroup
}

// atTerminal runs websocketd connect at a terminal of 40 columns. What it shows is in out.
func atTerminal(t *testing.T, env []string, args ...string) *terminal {
	t.Helper()
	screen, tty := harness.NewPTY(t, 40)
	c := &terminal{client: client{cmd: exec.Command(harness.Binary(t), append([]string{"connect"}, args...)...), done: make(chan struct{})}, screen: screen}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = tty, tty, tty
	c.cmd.Env = append([]string{"TERM=xterm", "NO_COLOR=1", "GORACE=atexit_sleep_ms=0"}, env...)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	c.run(t)
	tty.Close()
	c.reading.Go(func() { io.Copy(&c.out, screen) })
	t.Cleanup(func() {
		c.cmd.Process.Kill()
		<-c.done
		screen.Close()
		c.reading.Wait()
	})
	return c
}

// types types keys.
func (c *terminal) types(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(c.screen, keys); err != nil {
		t.Fatal(err)
	}
}

// shows waits until something is on the screen.
func (c *terminal) shows(t *testing.T, text string) {
	t.Helper()
	harness.Until(t, "the screen shows "+text, func() bool { return strings.Contains(c.out.String(), text) })
}

// TestTerminal: there is a prompt, a line can be edited and fetched again, messages come
// above the line being typed, and none controls the terminal.
func TestTerminal(t *testing.T) {
	t.Parallel()
	_, address := serve(t, `while read -r line; do printf 'got %s \033[2J\n' "$line"; [ "$line" != enough ] || exit 3; done`)
	c := atTerminal(t, nil, address)
	c.shows(t, "Ctrl-D leaves\r\n")
	c.types(t, "ab\x7fc\x01x\r") // a, b, erased, c, to the beginning, x
	c.shows(t, `< got xac \x1b[2J`+"\r\n")
	c.types(t, "\x1b[A\r") // the line before
	harness.Until(t, "it comes again", func() bool { return strings.Count(c.out.String(), `got xac \x1b[2J`) == 2 })
	c.types(t, "enough\r")
	c.shows(t, "closed: exit status 3\r\n")
	if status := c.wait(t); status != 3 {
		t.Errorf("exit status %d", status)
	}
	if strings.Contains(c.out.String(), "\x1b[2J") {
		t.Errorf("a message controls the terminal: %q", c.out.String())
	}
}

// TestMessagesWhileTyping: a message is shown above the line being typed, which is drawn
// again.
func TestMessagesWhileTyping(t *testing.T) {
	t.Parallel()
	s, address := serve(t, "cat", "--shared")
	c := atTerminal(t, nil, address)
	c.types(t, "half a li")
	c.shows(t, "half a li")
	other := s.Connect(t)
	if err := other.Text("a message"); err != nil {
		t.Fatal(err)
	}
	c.shows(t, "< a message\r\n> half a li")
	c.types(t, "ne\r")
	c.shows(t, "< half a line\r\n")
	c.types(t, "\x04")
	if status := c.wait(t); status != 0 {
		t.Errorf("Ctrl-D: exit status %d", status)
	}
	other.Leave(t)
}

// TestTerminalKeys: Ctrl-D leaves, Ctrl-C ends it by SIGINT; the server is told.
func TestTerminalKeys(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]struct {
		status int
		ending string
	}{
		"\x04": {0, "client closed: 1000"},
		"\x03": {-int(syscall.SIGINT), "client closed: 1001"},
	} {
		s, address := serve(t, "cat")
		c := atTerminal(t, nil, address)
		c.shows(t, "> ")
		c.types(t, key)
		if status := c.wait(t); status != want.status {
			t.Errorf("%q: exit status %d, want %d", key, status, want.status)
		}
		if line := s.Out.Await(t, "DISCONNECT"); !strings.Contains(line, want.ending) {
			t.Errorf("%q: %s", key, line)
		}
	}
}

// TestSimpleTerminal: a terminal that can do little has no editor, nor has a framing in
// which nobody types; what comes is escaped there, too.
func TestSimpleTerminal(t *testing.T) {
	t.Parallel()
	_, address := serve(t, `printf 'a\033[2J\n'; exec cat`)
	c := atTerminal(t, []string{"TERM=dumb"}, address)
	c.shows(t, `a\x1b[2J`+"\r\n")
	c.types(t, "hello\r")
	c.shows(t, "hello\r\nhello\r\n") // as the terminal echoes it, and the program
	c.types(t, "\x04")
	if status := c.wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// TestRawTerminal: with --framing=raw the program's own prompt stands there, and what is
// typed has its newline.
func TestRawTerminal(t *testing.T) {
	t.Parallel()
	_, address := serve(t, `printf 'Name? '; read -r name; printf 'Hello %s' "$name"`, "--framing=raw")
	c := atTerminal(t, nil, "--framing=raw", address)
	c.shows(t, "Ctrl-D leaves\r\nName? ")
	c.types(t, "Ann\r")
	c.shows(t, "Name? Ann\r\nHello Ann")
	if status := c.wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// TestTerminalIsRestored: the terminal is as it was, after whatever end.
func TestTerminalIsRestored(t *testing.T) {
	t.Parallel()
	_, address := serve(t, "cat")
	for _, sig := range []syscall.Signal{0, syscall.SIGTERM} {
		screen, tty := harness.NewPTY(t, 80)
		c := &client{cmd: exec.Command(harness.Binary(t), "connect", address), done: make(chan struct{})}
		c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = tty, tty, tty
		c.cmd.Env = []string{"TERM=xterm", "GORACE=atexit_sleep_ms=0"}
		before := harness.TerminalState(t, tty)
		c.run(t)
		harness.Until(t, "the terminal is taken over", func() bool { return harness.TerminalState(t, tty) != before })
		if sig != 0 {
			c.signal(t, sig)
		} else if _, err := screen.WriteString("\x04"); err != nil {
			t.Fatal(err)
		}
		c.wait(t)
		if harness.TerminalState(t, tty) != before {
			t.Errorf("after signal %d the terminal is another", sig)
		}
	}
}

// TestTerminalKeysAlways: Ctrl-C and Ctrl-D end it while a line waits for a connection, and
// when the input has ended already.
func TestTerminalKeysAlways(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]int{"\x03": -int(syscall.SIGINT), "\x04": 0} {
		s, address := serve(t, "cat", "--shared")
		c := atTerminal(t, nil, "--resume", address)
		c.shows(t, "> ")
		s.Signal(t, syscall.SIGTERM)
		s.Wait(t)
		c.shows(t, "trying again in")
		c.types(t, "hello\r")
		c.shows(t, "> hello\r\n")
		c.types(t, key)
		if status := c.wait(t); status != want {
			t.Errorf("%q without a connection: exit status %d, want %d", key, status, want)
		}

		s, address = serve(t, "cat")
		c = atTerminal(t, nil, "--eofwait=1h", address)
		c.shows(t, "> ")
		c.types(t, "\x04"+key)
		if status := c.wait(t); status != want {
			t.Errorf("%q after the end: exit status %d, want %d", key, status, want)
		}
		s.Out.Await(t, "DISCONNECT")
	}
}

// TestTypedBytes: neither a byte that is not UTF-8 nor an ESC holds up what is typed after
// it.
func TestTypedBytes(t *testing.T) {
	t.Parallel()
	_, address := serve(t, "cat")
	c := atTerminal(t, nil, address)
	c.shows(t, "> ")
	c.types(t, "a\xff\r")
	c.shows(t, "> a\ufffd\r\n")
	c.shows(t, "< a\ufffd\r\n")
	c.types(t, "b\x1b\r")
	c.shows(t, "< b\r\n")
	c.types(t, "\x04")
	if status := c.wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// TestTerminalRemarks: what is said of the input stands beside the line being typed.
func TestTerminalRemarks(t *testing.T) {
	t.Parallel()
	_, address := serve(t, "cat", "--framing=ndjson")
	c := atTerminal(t, nil, "--framing=ndjson", address)
	c.shows(t, "> ")
	c.types(t, "junk\r")
	c.shows(t, "this line of the input is no message and is not sent: junk\r\n")
	c.types(t, "\x04")
	if status := c.wait(t); status != 0 || strings.Contains(c.out.String(), "websocketd connect: ") {
		t.Errorf("exit status %d, %q", status, c.out.String())
	}
}
