package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// What a page of --staticdir would show to everyone keeps a server from starting, or is told.
func TestExposed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"--ssl", "--sslcert=cert.pem", "--sslkey=public/key.pem"}, 2, "--sslkey: public/key.pem: this file would be served by --staticdir"},
		{[]string{"--authfile=users", "--groupfile=public/groups"}, 2, "--groupfile: public/groups: this file would be served by --staticdir"},
		{[]string{"--tokenfile=public/.well-known/tokens"}, 2, "--tokenfile: public/.well-known/tokens: this file would be served by --staticdir"},
		{[]string{"--acme=a.example", "--acmedir=public"}, 2, "--acmedir: public: this directory would be served by --staticdir"},
	} {
		s := harness.Options{Bin: harness.Binary(t), Dir: exposed(t), Args: append(test.args, "--staticdir=public", "cat")}.Launch(t)
		if status := s.Wait(t); status != test.status || !strings.Contains(s.Err.String(), test.says) {
			t.Errorf("%q: status %d, %q", test.args, status, s.Err)
		}
	}
	s := harness.Options{Bin: harness.Binary(t), Dir: exposed(t), Args: []string{"--config=public/f.toml", "--staticdir=public"}}.Start(t)
	s.Out.Await(t, "public/f.toml is served by --staticdir to everyone who may come in, with the commands and variables that it names")
}

// exposed returns a directory with those files.
func exposed(t *testing.T) string {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"cert.pem": "", "public/key.pem": "", "users": "", "public/groups": "", "public/.well-known/tokens": "",
		"public/f.toml": "[program.a]\ncommand = [\"cat\"]\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A variable of the shell that is empty does not let in more clients.
func TestEmptyLetsNobodyIn(t *testing.T) {
	t.Parallel()
	for flag, wayOut := range map[string]string{
		"auth": "leave it out to take every kind that is configured", "jwtalg": "leave it out to take all that the keys are for, but HS256",
		"jwtuser": "leave it out to take sub", "groupfile": "leave it out where there are no groups",
	} {
		s := harness.Options{Bin: harness.Binary(t), Args: []string{"--" + flag + "=", "cat"}}.Launch(t)
		if status := s.Wait(t); status != 2 || !strings.Contains(s.Err.String(), "is empty; "+wayOut) {
			t.Errorf("--%s=: status %d, %q", flag, status, s.Err)
		}
	}
}
