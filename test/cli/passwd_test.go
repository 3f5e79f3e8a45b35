package cli

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"websocketd/test/harness"
)

// typed is websocketd passwd at a terminal.
type typed struct {
	cmd         *exec.Cmd
	screen, tty *os.File
	before      unix.Termios

	mu    sync.Mutex
	shown bytes.Buffer
}

func (p *typed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shown.Write(b)
}

func (p *typed) sees(text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Contains(p.shown.String(), text)
}

// atTerminal starts the command, with a terminal that shows what is typed unless that was
// switched off.
func atTerminal(t *testing.T, args ...string) *typed {
	t.Helper()
	p := &typed{}
	p.screen, p.tty = harness.NewPTY(t, 80)
	p.before = harness.TerminalState(t, p.tty)
	p.cmd = exec.Command(harness.Binary(t), append([]string{"passwd"}, args...)...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = p.tty, p.tty, p.tty
	p.cmd.Env = []string{"GORACE=atexit_sleep_ms=0"}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { io.Copy(p, p.screen) })
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		p.tty.Close()
		p.screen.Close()
		reading.Wait()
	})
	return p
}

// answer waits for a question and the unseen terminal, and types.
func (p *typed) answer(t *testing.T, question, text string) {
	t.Helper()
	harness.Until(t, question, func() bool { return p.sees(question) && harness.TerminalState(t, p.tty) != p.before })
	if _, err := p.screen.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// ends checks how it ends: with the terminal as it was, and nothing of the secret on it.
func (p *typed) ends(t *testing.T, status int) {
	t.Helper()
	p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != status {
		t.Errorf("status %d, expected %d; the terminal shows %q", got, status, p.shown.String())
	}
	if harness.TerminalState(t, p.tty) != p.before {
		t.Error("the terminal is another")
	}
	if p.sees("secret") {
		t.Errorf("the terminal shows what was typed: %q", p.shown.String())
	}
}

// At a terminal the password is typed twice and not shown.
func TestPasswdAtATerminal(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "users")
	p := atTerminal(t, file, "ada")
	p.answer(t, "Password of ada: ", "a secret\n")
	p.answer(t, "The same again: ", "a secret\n")
	p.ends(t, 0)
	written, err := os.ReadFile(file)
	if info, statErr := os.Stat(file); err != nil || statErr != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(string(written), "ada:$2a$10$") {
		t.Errorf("%q, %v, %v", written, err, statErr)
	}

	p = atTerminal(t, file, "ada")
	p.answer(t, "Password of ada: ", "a secret\n")
	p.answer(t, "The same again: ", "another secret\n")
	p.ends(t, 1)
	harness.Until(t, "the reason", func() bool { return p.sees("the two are not the same: nothing was changed") })

	p = atTerminal(t, file, "ada")
	p.answer(t, "Password of ada: ", "a sec\x03")
	p.ends(t, 130)
	if again, _ := os.ReadFile(file); !bytes.Equal(again, written) {
		t.Errorf("the file was changed: %q", again)
	}
}
