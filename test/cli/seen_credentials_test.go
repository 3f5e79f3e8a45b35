package cli

import (
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// Passwords of ada and bob, by bcrypt and SHA-crypt: their names.
var passwordHashes = map[string]string{
	"ada": "$2y$05$abcdefghijklmnopqrstuu3BhtSsYwImn0SZ2ALc89wp14oYFc6Dq",
	"bob": "$6$rounds=1000$saltysalt$5ig0FP2YENb9ck1..OMx9k6UY25coFfe/5KZ0YLcu0ixLxRpgcRYpAwRvZYM8j/7jBHazmVMhM96yzti2/tag/",
}

func whosePassword(t *testing.T, o harness.Options) string {
	o.Dir = t.TempDir()
	for user, hash := range passwordHashes {
		harness.WriteFile(t, filepath.Join(o.Dir, user+".passwords"), user+":"+hash+"\n", 0o600)
	}
	return letInByPassword(t, with(o, "cat").Start(t))
}

// letInByPassword is which of ada and bob get in by their passwords.
func letInByPassword(t *testing.T, s *harness.Server) string {
	t.Helper()
	if s.Ask(t, harness.Handshake("/")).Status() == 101 {
		return "anyone"
	}
	var in []string
	for _, user := range []string{"ada", "bob"} {
		shown := base64.StdEncoding.EncodeToString([]byte(user + ":" + user))
		if s.Ask(t, harness.Handshake("/").Add("Authorization", "Basic "+shown)).Status() == 101 {
			in = append(in, user)
		}
	}
	return strings.Join(in, " ")
}

// whoseGroup is who of ada and bob is in the group that may come in. Without a file of
// groups there is no server.
func whoseGroup(t *testing.T, o harness.Options) string {
	o.Dir = t.TempDir()
	for _, user := range []string{"ada", "bob"} {
		harness.WriteFile(t, filepath.Join(o.Dir, user+".groups"), "staff: "+user+" eve\n", 0o600)
	}
	tokens := tokenFile(t, filepath.Join(o.Dir, "tokens"), "ada", "bob")
	o.Args = append([]string{"--allow=@staff", "--tokenfile=" + tokens}, o.Args...)
	return letIn(t, with(o, "cat").Start(t))
}

// whoseCommand is who of ada and bob the program lets in that is asked.
func whoseCommand(t *testing.T, o harness.Options) string {
	o.Dir = t.TempDir()
	for _, user := range []string{"ada", "bob"} {
		harness.WriteFile(t, filepath.Join(o.Dir, user+".sh"), "read -r user; read -r password; [ $user = $password ] && [ $user = "+user+" ]\n", 0o600)
	}
	return letInByPassword(t, with(o, "cat").Start(t))
}
