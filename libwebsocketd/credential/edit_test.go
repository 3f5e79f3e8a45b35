package credential

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
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
		found, err := Edit{User: test.user, Line: test.line}.Apply(name)
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
	for _, test := range []struct{ before, line string }{
		{"# x\n" + token, password}, {"ada:0123456789abcdef", password}, {"bob:0123456789abcdef\n", password}, {"0123456789abcdef", password},
		{password + "\nbob:x", token}, {"bob:$apr1$xx$TitV/6efIiffmDrbei8jT0", token}, {"ada:{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=", token},
	} {
		name := written(t, test.before)
		for _, user := range []string{"ada", "bob"} {
			if _, err := (Edit{User: user, Line: test.line}).Apply(name); err == nil || !strings.Contains(err.Error(), "file of their own") {
				t.Errorf("%q in %q: %v", test.line, test.before, err)
			}
		}
		if got, _ := os.ReadFile(name); string(got) != test.before {
			t.Errorf("a refused edit makes %q", got)
		}
	}
}

// One more line leaves the others of its user, and nothing happens to a file when somebody is
// not ready.
func TestEditMore(t *testing.T) {
	name := written(t, "ada:1\nbob:2")
	if found, err := (Edit{User: "ada", Line: "ada:3", More: true}).Apply(name); err != nil || !found {
		t.Error(found, err)
	}
	notReady := errors.New("not ready")
	if _, err := (Edit{User: "ada", Line: "ada:4", Ready: func() error { return notReady }}).Apply(name); err != notReady {
		t.Error(err)
	}
	if got, _ := os.ReadFile(name); string(got) != "ada:1\nbob:2\nada:3\n" {
		t.Errorf("%q", got)
	}
	if entries, _ := os.ReadDir(filepath.Dir(name)); len(entries) != 1 {
		t.Errorf("there are %v", entries)
	}
}

// Of edits at once none is lost.
func TestEditAtOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no lock")
	}
	name := filepath.Join(t.TempDir(), "users")
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			user := fmt.Sprint("user", n)
			if _, err := (Edit{User: user, Line: user + ":1"}).Apply(name); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got, _ := os.ReadFile(name); bytes.Count(got, []byte("\n")) != 50 {
		t.Errorf("of 50 users there are %q", got)
	}
}

// What a link leads to is written, also if it is not there yet.
func TestEditFollows(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"real/deep", "etc"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"etc/users": "../far/../first", "far": "real/deep", "real/first": filepath.Join(dir, "real/users"), "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := (Edit{User: "ada", Line: "ada:1"}).Apply(filepath.Join(dir, "etc/users")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "real/users")); string(got) != "ada:1\n" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := (Edit{User: "ada", Line: "ada:1"}).Apply(filepath.Join(dir, "loop")); err == nil || !strings.Contains(err.Error(), "loop") {
		t.Errorf("a link to itself: %v", err)
	}
}

// An edit keeps the mode of a file and a link to it, and leaves nothing beside it.
func TestEditReplaces(t *testing.T) {
	dir := t.TempDir()
	name, link := filepath.Join(dir, "users"), filepath.Join(dir, "link")
	if _, err := (Edit{User: "ada", Line: "ada:1"}).Apply(name); err != nil {
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
	if _, err := (Edit{User: "bob", Line: "bob:2"}).Apply(link); err != nil {
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
	if _, err := (Edit{User: "ada", Line: "ada:1"}).Apply(filepath.Join(dir, "none", "x")); err == nil || !strings.Contains(err.Error(), "cannot be written: no such file") {
		t.Error(err)
	}
	if _, err := (Edit{User: "ada", Line: ""}).Apply(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "cannot be read: no such file") {
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
	if !strings.HasPrefix(line, "ada b:$2y$10$") {
		t.Errorf("the line is %q", line)
	}
	if _, refusal := newPassword(t, written(t, line)).Identify(newRequest(), gate.Client{}, basic("ada b", "secret")); refusal != nil {
		t.Error(refusal)
	}
	for _, user := range []string{"", "a:b", "#a", "@a", " a", "a ", "a\n", "a,b", "a\xff", strings.Repeat("a", 257)} {
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
