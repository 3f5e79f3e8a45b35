package confine

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// tell is a script that tells what it may have, and then goes on.
const tell = "echo $(ulimit -n) $(ulimit -Hn) $(nice) $(umask) $(id -un); exec cat"

const told = "33 44 19 0027"

// keys are keys of a program that has these.
const keys = `rlimit = ["nofile=33:44"]
nice = 19
umask = "027"
`

// TestEveryLifetime: a process has what the keys say in every lifetime, and when it was started
// ahead; one of a program without the keys has what the server has.
func TestEveryLifetime(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	lives := []string{`lifetime = "connection"`, `lifetime = "session"`, `lifetime = "shared"`, `lifetime = "supervised"`, "prefork = 1"}
	for i, life := range append(lives, "") {
		fmt.Fprintf(&file, "[program.p%d]\ncommand = [\"/bin/sh\", \"-c\", %q]\n%s\n", i, tell, life)
		if life != "" {
			file.WriteString(keys)
		}
	}
	s := serveFile(t, file.String())
	user := ownName(t)
	for i, life := range lives {
		if said := says(t, s, fmt.Sprint("/p", i)); said != told+" "+user {
			t.Errorf("%s: %q", life, said)
		}
	}
	if said := says(t, s, fmt.Sprint("/p", len(lives))); strings.HasPrefix(said, "33 ") {
		t.Errorf("a program without the keys: %q", said)
	}
}

// TestScripts: the flags are for --dir and --cgidir, too.
func TestScripts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "d", "x"), "#!/bin/sh\n"+tell+"\n", 0o755)
	harness.WriteFile(t, filepath.Join(dir, "c", "y"), "#!/bin/sh\necho Content-Type: text/plain; echo; "+tell+"\n", 0o755)
	s := harness.Options{Bin: harness.Binary(t), Dir: dir,
		Args: []string{"--rlimit=nofile=33:44", "--nice=19", "--umask=027", "--dir=d", "--cgidir=c"}}.Start(t)
	want := told + " " + ownName(t)
	if said := says(t, s, "/x"); said != want {
		t.Errorf("a script of --dir: %q", said)
	}
	if c := s.Ask(t, harness.Get("/y")); c.Status() != http.StatusOK || strings.TrimSpace(c.Body) != want {
		t.Errorf("a CGI script: %d %q", c.Status(), c.Body)
	}
}

// TestOtherUser: COMMAND, too, runs as another user, after what only root may set.
func TestOtherUser(t *testing.T) {
	t.Parallel()
	needRoot(t)
	s := harness.Start(t, harness.Binary(t), "--user=nobody", "--nice=-2", "--rlimit=nofile=33:44", "--umask=027", "sh", "-c", tell+" $HOME")
	if said, want := says(t, s, "/"), "33 44 -2 0027 nobody"; said != want {
		t.Errorf("%q, expected %q", said, want)
	}
	s = harness.Start(t, harness.Binary(t), "--user=nobody", "--group=0", "sh", "-c", "id -un; id -gn; echo $USER $LOGNAME")
	c := s.Connect(t)
	c.Expect(t, "nobody", ownName(t), "nobody nobody")
}

// TestNotStarted: what cannot be executed is answered as ever, and leaves nothing; a limit that
// ends a process ends it as a signal does.
func TestNotStarted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "d", "gone"), "#!/no/such/interpreter\n", 0o755)
	harness.WriteFile(t, filepath.Join(dir, "d", "busy"), "#!/bin/sh\nwhile :; do :; done\n", 0o755)
	s := harness.Options{Bin: harness.Binary(t), Dir: dir, Args: []string{"--rlimit=cpu=1", "--dir=d"}}.Start(t)
	if c := s.Ask(t, harness.Handshake("/gone")); c.Status() != http.StatusInternalServerError {
		t.Errorf("without its interpreter: %d %s", c.Status(), c.Body)
	}
	c := s.ConnectTo(t, "/busy")
	if _, end := c.Rest(t); end.Code != 4000+128+9 {
		t.Errorf("it is closed with %+v", end)
	}
	harness.Until(t, "nothing is left", func() bool { return len(s.Children()) == 0 })
}

// TestRefused: what cannot be had keeps the server from starting.
func TestRefused(t *testing.T) {
	t.Parallel()
	const a = "[program.a]\ncommand = [\"cat\"]\n"
	refused(t, a+"user = \"no-such-user\"\n", `f.toml:3: program a: there is no user "no-such-user" on this system`)
	refused(t, a+"rlimit = [\"files=3\"]\n", `f.toml:3: rlimit = "files=3": this system has no limit "files"; it has `)
	refused(t, a+"rlimit = [\"nofile=4:3\"]\n", `f.toml:3: rlimit = "nofile=4:3": the limit nofile is 4, more than its hard limit, 3`)
}

// ownName returns the name of the user of the test.
func ownName(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("id", "-un").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
