package beside

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"websocketd/test/harness"
)

// Git's own server is a CGI script that reads bodies without a length and packed ones,
// and answers in pieces: what is pushed through it is cloned, every byte of it.
func TestCGIGit(t *testing.T) {
	t.Parallel()
	harness.Need(t, "git:http-backend")
	home := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(harness.Context(t), "git", args...)
		cmd.Dir = home
		cmd.Env = append(os.Environ(), "HOME="+home, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "no_proxy=*")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "--bare", "repos/a.git")
	git("-C", "repos/a.git", "config", "http.receivepack", "true")
	git("init", "-q", "work")
	data := randomBytes(3 << 20) // more than http.postBuffer: a body in chunks
	write(t, home, "work/data", string(data))
	git("-C", "work", "add", "data")
	git("-C", "work", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "one")

	s, _ := startCGI(t, map[string]string{"git": "export GIT_HTTP_EXPORT_ALL=1 GIT_PROJECT_ROOT='" + home + "/repos'; exec git http-backend"})
	git("-C", "work", "push", "-q", url(s, "/git/a.git"), "HEAD:refs/heads/main")
	git("clone", "-q", "-b", "main", url(s, "/git/a.git"), "copy")
	if got, err := os.ReadFile(filepath.Join(home, "copy", "data")); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes of %d were cloned, %v", len(got), len(data), err)
	}
	harness.NoSurvivors(t, s)
}
