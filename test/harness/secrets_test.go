package harness

import (
	"path/filepath"
	"strings"
	"testing"
)

// A test fails whose server has written a secret of its files, and no other.
func TestSecretsOfFiles(t *testing.T) {
	tokens, users := filepath.Join(t.TempDir(), "tokens"), filepath.Join(t.TempDir(), "users")
	const token, hash = "token-of-ann-0123456789", "$2a$04$gHAkyqCYKGCtFvCjSqNkEOnBJN0nc6cI5Xm41xb55ZbeCh/aNAR0W"
	WriteFile(t, tokens, "# a comment of some length\nann:"+token+"\n", 0o600)
	WriteFile(t, users, "bob:"+hash+"\n", 0o600)
	check := func(says string) error {
		return RunProbe("probe", func(p T) {
			s := Start(p, Binary(p), "--tokenfile="+tokens, "--authfile="+users, "--auth=none", "sh", "-c", "echo '"+says+"' >&2")
			s.Connect(p).Rest(p)
			s.Out.Await(p, "DISCONNECT")
		})
	}
	if err := check("ann has a token # a comment of some length"); err != nil {
		t.Error(err)
	}
	for _, secret := range []string{token, hash} {
		if err := check(secret); err == nil || !strings.Contains(err.Error(), secret) {
			t.Errorf("a server has written %s: %v", secret, err)
		}
	}
}
