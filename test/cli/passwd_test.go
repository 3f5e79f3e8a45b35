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
	if info, statErr := os.Stat(file); err != nil || statErr != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(string(written), "ada:$2y$10$") {
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

// Keys end it too, with the terminal as it was; a name that cannot be is told before anything
// is asked, and what is deleted by a key is not in the password.
func TestPasswdKeys(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "users")
	for _, test := range []struct {
		typed  string
		status int
		says   string
	}{
		{"\x04", 1, "there is no password: nothing was changed\r\n"}, {"a sec\x04", 1, "there is no password: nothing was changed\r\n"},
		{"a sec\x1c", 131, "Password of ada: \r\n"}, {"a sec\x03", 130, "Password of ada: \r\n"},
	} {
		p := atTerminal(t, file, "ada")
		p.answer(t, "Password of ada: ", test.typed)
		p.ends(t, test.status)
		harness.Until(t, "the end of the line", func() bool { return p.sees(test.says) })
	}
	p := atTerminal(t, file, "a,b")
	p.ends(t, 1)
	harness.Until(t, "the reason", func() bool { return p.sees("the name of a user has no comma") })
	if p.sees("Password") {
		t.Error("a password was asked for")
	}

	p = atTerminal(t, file, "ada")
	p.answer(t, "Password of ada: ", "wrong\x15a sä\x7fecretx\x08\r")
	p.answer(t, "The same again: ", "a secret\n")
	p.ends(t, 0)
}

// A signal from elsewhere ends it with the terminal as it was.
func TestPasswdSignalled(t *testing.T) {
	t.Parallel()
	for sig, status := range map[syscall.Signal]int{syscall.SIGQUIT: 131, syscall.SIGTERM: 143} {
		p := atTerminal(t, filepath.Join(t.TempDir(), "users"), "ada")
		p.answer(t, "Password of ada: ", "a sec")
		if err := p.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		p.ends(t, status)
	}
}

// A token that was not printed is not in the file.
func TestPasswdUnprinted(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(file, []byte("ada:0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for where, out := range map[string]string{"a closed output": ">&-", "the null device": ">/dev/null", "a full disk": ">/dev/full", "a pipe that nobody reads": ">&4"} {
		script := `"$0" passwd --token --replace "$1" ada ` + out + `; echo "status $?" >&2`
		if out == ">&4" {
			script = `mkfifo "$1.pipe" && exec 3<>"$1.pipe" 4>"$1.pipe" 3<&- && rm "$1.pipe" && ` + script
		}
		said, err := exec.Command("sh", "-c", script, harness.Binary(t), file).CombinedOutput()
		if err != nil || !strings.Contains(string(said), "the token cannot be printed, and nothing was changed: ") || !strings.Contains(string(said), "status 1\n") {
			t.Errorf("%s: %q, %v", where, said, err)
		}
		if got, _ := os.ReadFile(file); string(got) != "ada:0123456789abcdef\n" {
			t.Errorf("%s: the file has %q", where, got)
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(file)); len(entries) != 1 {
		t.Errorf("there are %v", entries)
	}
}
