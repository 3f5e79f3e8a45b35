package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// tokenOf is the bearer token of a user in the rows of this file.
func tokenOf(user string) string { return "token-of-" + user + "-0123456789" }

// withToken is a handshake that shows the token of a user.
func withToken(user string) harness.Request {
	return harness.Handshake("/").Add("Authorization", "Bearer "+tokenOf(user))
}

// tokenFile is a file with the tokens of some users.
func tokenFile(t *testing.T, name string, users ...string) string {
	t.Helper()
	var lines strings.Builder
	for _, user := range users {
		fmt.Fprintf(&lines, "%s:%s\n", user, tokenOf(user))
	}
	harness.WriteFile(t, name, lines.String(), 0o600)
	return name
}

// letIn is which of ada and bob get in by their tokens.
func letIn(t *testing.T, s *harness.Server) string {
	t.Helper()
	var in []string
	for _, user := range []string{"ada", "bob"} {
		if s.Ask(t, withToken(user)).Status() == 101 {
			in = append(in, user)
		}
	}
	return strings.Join(in, " ")
}

func whoseToken(t *testing.T, o harness.Options) string {
	o.Dir = t.TempDir()
	for _, user := range []string{"ada", "bob"} {
		tokenFile(t, filepath.Join(o.Dir, user+".tokens"), user)
	}
	s := with(o, "cat").Start(t)
	if s.Ask(t, harness.Handshake("/")).Status() == 101 {
		return "anyone"
	}
	return letIn(t, s)
}

// withoutToken is the status of a client without one where there is a file of tokens.
func withoutToken(t *testing.T, o harness.Options) string {
	o.Args = append([]string{"--tokenfile=" + tokenFile(t, filepath.Join(t.TempDir(), "tokens"), "ada")}, o.Args...)
	s := with(o, "cat").Start(t)
	return fmt.Sprint(s.Ask(t, harness.Handshake("/")).Status())
}

func whoMayCome(t *testing.T, o harness.Options) string {
	o.Args = append([]string{"--tokenfile=" + tokenFile(t, filepath.Join(t.TempDir(), "tokens"), "ada", "bob")}, o.Args...)
	return letIn(t, with(o, "cat").Start(t))
}

// processesOfUsers is how many processes two users have together.
func processesOfUsers(t *testing.T, o harness.Options) string {
	o.Args = append([]string{"--tokenfile=" + tokenFile(t, filepath.Join(t.TempDir(), "tokens"), "ada", "bob")}, o.Args...)
	s := inShared(o, "sh", "-c", `echo $$ for "${REMOTE_USER:-all}"; exec cat`).Start(t)
	processes := map[string]bool{}
	for _, user := range []string{"ada", "bob"} {
		c := s.Open(t, withToken(user))
		got, err := c.Receive()
		pid, whose, _ := strings.Cut(string(got.Data), " for ")
		if processes[pid] = true; err != nil || whose != user && whose != "all" {
			t.Errorf("%s has the process %q, %v", user, got.Data, err)
		}
	}
	return fmt.Sprint(len(processes))
}
