package credential

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocketd/libwebsocketd/gate"
)

func TestEdit(t *testing.T) {
	for _, test := range []struct {
		before, user, line, after string
		found                     bool
	}{
		{"", "ada", "ada:1", "ada:1\n", false},
		{"# x\n\nbob:2", "ada", "ada:1", "# x\n\nbob:2\nada:1\n", false},
		{"bob:2\n ada:0\nadam:3\r\nada:9\n", "ada", "ada:1", "bob:2\nada:1\nadam:3\r\n", true},
		{"\ufeffada:0\n#ada:9\n", "ada", "ada:1", "ada:1\n#ada:9\n", true},
		{"bob:2\nada:0\nada:1", "ada", "", "bob:2\n", true},
		{"bob:2\nlonelytoken", "ada", "", "bob:2\nlonelytoken", false},
	} {
		name := written(t, test.before)
		found, err := Edit(name, test.user, test.line)
		if err != nil || found != test.found {
			t.Errorf("%q: %v, %v", test.before, found, err)
		}
		if got, _ := os.ReadFile(name); string(got) != test.after {
			t.Errorf("%q becomes %q, expected %q", test.before, got, test.after)
		}
	}
}

func TestEditMixed(t *testing.T) {
	_, token, _ := TokenLine("ada")
	password, _ := PasswordLine("ada", "x")
	for before, line := range map[string]string{"# x\n" + token: password, password + "\nbob:x": token} {
		name := written(t, before)
		if _, err := Edit(name, "bob", line); err == nil || !strings.Contains(err.Error(), "file of their own") {
			t.Errorf("%q in %q: %v", line, before, err)
		}
		if got, _ := os.ReadFile(name); string(got) != before {
			t.Errorf("a refused edit makes %q", got)
		}
	}
}

// An edit keeps the mode of a file and a link to it, and leaves nothing beside it.
func TestEditReplaces(t *testing.T) {
	dir := t.TempDir()
	name, link := filepath.Join(dir, "users"), filepath.Join(dir, "link")
	if _, err := Edit(name, "ada", "ada:1"); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(name); info.Mode().Perm() != 0o600 {
		t.Errorf("a new file has the mode %v", info.Mode())
	}
	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("users", link); err != nil {
		t.Fatal(err)
	}
	before, _ := os.Stat(name)
	if _, err := Edit(link, "bob", "bob:2"); err != nil {
		t.Fatal(err)
	}
	after, _ := os.Stat(name)
	target, _ := os.Readlink(link)
	if after.Mode().Perm() != 0o640 || os.SameFile(before, after) || target != "users" {
		t.Errorf("mode %v, the same file %v, the link leads to %q", after.Mode(), os.SameFile(before, after), target)
	}
	var names []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, []string{"link", "users"}) {
		t.Errorf("there are %q", names)
	}
	if _, err := Edit(filepath.Join(dir, "none", "x"), "ada", "ada:1"); err == nil || !strings.Contains(err.Error(), "cannot be written: no such file") {
		t.Error(err)
	}
	if _, err := Edit(filepath.Join(dir, "none"), "ada", ""); err == nil || !strings.Contains(err.Error(), "cannot be read: no such file") {
		t.Error(err)
	}
}

// What is made lets its user in, and nobody whose name would mean something else is made.
func TestLines(t *testing.T) {
	token, line, err := TokenLine("ada b")
	if err != nil || strings.Contains(line, token) || len(token) != 43 {
		t.Fatal(token, line, err)
	}
	kind, err := NewToken(written(t, line), func(err error) { t.Error(err) })
	if err != nil || userBy(t, kind, bearer(token)) != "ada b" {
		t.Error(err)
	}
	if again, _, _ := TokenLine("ada b"); again == token {
		t.Error("two tokens are the same")
	}
	line, err = PasswordLine("ada b", "secret")
	if err != nil {
		t.Fatal(err)
	}
	if _, refusal := newPassword(t, written(t, line)).Identify(newRequest(), gate.Client{}, basic("ada b", "secret")); refusal != nil {
		t.Error(refusal)
	}
	for _, user := range []string{"", "a:b", "#a", "@a", " a", "a ", "a\n", "a\xff", strings.Repeat("a", 257)} {
		_, _, err := TokenLine(user)
		_, other := PasswordLine(user, "x")
		if err == nil || other == nil {
			t.Errorf("%q can be a user", user)
		}
	}
	if _, _, err := TokenLine(TokenHash); err == nil {
		t.Error("the mark of a hash can be a user")
	}
}
