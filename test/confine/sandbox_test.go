package confine

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// sandboxed makes a directory with files to reach for and a script that does so, and returns it. The
// script is in a directory that the sandbox may not list.
func sandboxed(t *testing.T, script string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "secret"), "hidden\n", 0o600)
	harness.WriteFile(t, filepath.Join(dir, "argument"), "named\n", 0o600)
	harness.WriteFile(t, filepath.Join(dir, "open", "note"), "seen\n", 0o600)
	harness.WriteFile(t, filepath.Join(dir, "box", "old"), "old\n", 0o600)
	harness.WriteFile(t, filepath.Join(dir, "d", "script"), "#!/bin/sh\n"+script+"\n", 0o755)
	return dir
}

// reach tries one thing after the other, and says which may be done.
const reach = `try() { if eval "$2" > /dev/null 2>&1; then echo "$1 yes"; else echo "$1 no"; fi; }
try secret 'cat secret'
try child 'sh -c "cat secret"'
try open 'cat open/note'
try into-open 'echo x >> open/note'
try box 'echo x > box/new && mv box/new box/newer && rm box/newer'
try argument 'cat argument'
try list 'ls .'
try passwd 'cat /etc/passwd'
try shadow 'cat /etc/shadow'
try tmp 'echo x > /tmp/$$'
try null 'echo x > /dev/null'
try server 'cat /proc/$PPID/environ'
try signal 'kill -0 $PPID'
try capabilities 'grep -q "CapEff:.*[1-9a-f]" /proc/self/status'
grep NoNewPrivs /proc/self/status | tr -d '\t'
`

// reached is what becomes of it in the sandbox of these tests. The argument is a file that the
// command line names.
func reached(argument string) []string {
	return []string{"secret no", "child no", "open yes", "into-open no", "box yes", "argument " + argument, "list no", "passwd yes", "shadow no",
		"tmp no", "null yes", "server no", "signal no", "capabilities no", "NoNewPrivs:1"}
}

var walls = []string{"--sandbox", "--sandboxread=open", "--sandboxwrite=box"}

// TestSandbox: a forbidden file cannot be read, by COMMAND, by scripts, by nothing that they start.
func TestSandbox(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, path, argument string
		args                 []string
	}{
		{"COMMAND", "/", "yes", []string{"sh", "d/script", "argument"}},
		{"COMMAND by its path", "/", "no", []string{"d/script"}},
		{"dir", "/script", "no", []string{"--dir=d"}},
		{"prefork", "/", "yes", []string{"--prefork=1", "sh", "d/script", "argument"}},
		{"shared", "/", "yes", []string{"--shared", "sh", "d/script", "argument"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := harness.Options{Bin: harness.Binary(t), Dir: sandboxed(t, reach), Args: append(slices.Clone(walls), test.args...)}.Start(t)
			said, _ := s.ConnectTo(t, test.path).Rest(t)
			if want := reached(test.argument); !slices.Equal(said, want) {
				t.Errorf("%q\nexpected\n%q", said, want)
			}
		})
	}
}

// TestNoSandbox: without the flag the same script may do it all, so it is the sandbox that forbids.
func TestNoSandbox(t *testing.T) {
	t.Parallel()
	s := harness.Options{Bin: harness.Binary(t), Dir: sandboxed(t, reach), Args: []string{"d/script"}}.Start(t)
	said, _ := s.Connect(t).Rest(t)
	for _, can := range []string{"secret", "child", "open", "into-open", "box", "argument", "list", "server", "signal"} {
		if !slices.Contains(said, can+" yes") {
			t.Errorf("%s: %q", can, said)
		}
	}
}

// TestSandboxOfOtherUser: a sandbox and another user go together, and an interpreter of a script
// outside the sandbox is found.
func TestSandboxOfOtherUser(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := sandboxed(t, "id -un; cat secret || cat open/note")
	for _, open := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(open, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	harness.WriteFile(t, filepath.Join(dir, "secret"), "hidden\n", 0o644)
	if err := os.Chmod(filepath.Join(dir, "open", "note"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := harness.Options{Bin: harness.Binary(t), Dir: dir, Args: append(slices.Clone(walls), "--user=nobody", "--dir=d")}.Start(t)
	s.ConnectTo(t, "/script").Expect(t, "nobody", "seen")
}

// TestSandboxOfCGI: CGI scripts are in the sandbox.
func TestSandboxOfCGI(t *testing.T) {
	t.Parallel()
	dir := sandboxed(t, "echo Content-Type: text/plain; echo; cd ..; cat secret || cat open/note")
	s := harness.Options{Bin: harness.Binary(t), Dir: dir, Args: append(slices.Clone(walls), "--cgidir=d")}.Start(t)
	if c := s.Ask(t, harness.Get("/script")); c.Status() != http.StatusOK || c.Body != "seen\n" {
		t.Errorf("%d %q", c.Status(), c.Body)
	}
}

// TestSandboxOfFile: programs of a file have their own sandboxes, and one without is in none.
func TestSandboxOfFile(t *testing.T) {
	t.Parallel()
	dir := sandboxed(t, "")
	const cat = "\n[program.%s]\ncommand = [\"sh\", \"-c\", \"cat secret || cat open/note; exec cat\"]\n"
	file := "sandboxread = \"open\"\n" + fmt.Sprintf(cat, "a") + "sandbox = true\nlifetime = \"supervised\"\n" +
		fmt.Sprintf(cat, "b") + fmt.Sprintf(cat, "c") + "sandbox = true\nsandboxread = [\"secret\"]\n"
	harness.WriteFile(t, filepath.Join(dir, "f.toml"), file, 0o600)
	s := harness.Options{Bin: harness.Binary(t), Dir: dir, Args: []string{"--config=f.toml"}}.Start(t)
	for path, want := range map[string]string{"/a?after=0": "seen", "/b": "hidden", "/c": "hidden"} {
		if said := says(t, s, path); said != want {
			t.Errorf("%s: %q", path, said)
		}
	}
}

// TestSandboxRefused: a sandbox that cannot be had as it is asked for keeps the server from starting.
func TestSandboxRefused(t *testing.T) {
	t.Parallel()
	const a = "[program.a]\ncommand = [\"cat\"]\n"
	refused(t, a+"sandbox = true\nsandboxread = [\"/no/such/path\"]\n", "f.toml:4: program a: the sandbox cannot have /no/such/path: ")
	refused(t, a+"sandboxwrite = [\"/tmp\"]\n", "f.toml:3: program a: sandboxwrite is for a sandbox, and there is none: write sandbox = true, or take it out")
	s := harness.Options{Bin: harness.Binary(t), Args: []string{"--sandboxread=/tmp", "cat"}}.Launch(t)
	if status := s.Wait(t); status != 1 || !strings.Contains(s.Err.String(), "please specify --sandbox when requesting --sandboxread") {
		t.Errorf("status %d, %s", status, s.Err)
	}
}
