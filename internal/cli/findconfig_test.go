package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestUsualConfigs(t *testing.T) {
	for _, test := range []struct{ goos, environ, want string }{
		{"linux", "HOME=/home/ada", "/home/ada/.config /etc"},
		{"linux", "HOME=/home/ada XDG_CONFIG_HOME=/x", "/x /etc"},
		{"linux", "HOME=/home/ada XDG_CONFIG_HOME=relative", "/home/ada/.config /etc"},
		{"linux", "HOME=/home/eve HOME=/home/ada", "/home/ada/.config /etc"},
		{"linux", "", "/etc"},
		{"linux", "HOME=relative", "/etc"},
		{"darwin", "HOME=/Users/ada", "/Users/ada/.config /etc"},
		{"freebsd", "HOME=/home/ada", "/home/ada/.config /usr/local/etc"},
		{"windows", "APPDATA=/users/ada ProgramData=/data HOME=/home/ada", "/users/ada /data"},
	} {
		var want []string
		for _, dir := range strings.Fields(test.want) {
			want = append(want, dir+"/websocketd/websocketd.toml")
		}
		if got := usualConfigs(test.goos, strings.Fields(test.environ)); !slices.Equal(got, want) {
			t.Errorf("%s, %s: %q, expected %q", test.goos, test.environ, got, want)
		}
	}
}

// TestFirstOfUsual has the order of the usual files, and those that others may have written.
func TestFirstOfUsual(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("[program."+name+"]\ncommand = [\"true\"]\n"), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	missing, a, b, open := filepath.Join(dir, "missing"), file("a", 0o644), file("b", 0o664), file("open", 0o646)
	if os.Geteuid() == 0 { // who alone can give a file away, and trusts no other user's
		another := file("another", 0o644)
		if err := os.Chown(another, 12345, 0); err != nil {
			t.Fatal(err)
		}
		if _, r := readFirst([]string{another, a}, newParser().Model.Flags); r == nil || !strings.Contains(r.message, "belongs to the user 12345") {
			t.Errorf("of another user: %+v", r)
		}
	}
	for _, test := range []struct {
		files []string
		want  string
	}{
		{[]string{missing, a, b}, a},
		{[]string{b, a}, b},
		{[]string{missing, filepath.Join(a, "below")}, ": cannot be read: not a directory"},
		{[]string{missing}, ""},
		{nil, ""},
		{[]string{open, a}, "everyone may write it (chmod o-w); --config=" + open + " reads it nevertheless"},
		{[]string{dir, a}, dir + ": cannot be read: is a directory"},
	} {
		c, r := readFirst(test.files, newParser().Model.Flags)
		got := ""
		if r != nil {
			got = r.message
		} else if got = c.faults.file; got != "" && !slices.Equal(c.notes, []string{"Configuration found         : " + got}) {
			t.Errorf("%q: notes %q", test.files, c.notes)
		}
		if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%q: %q, expected %q", test.files, got, test.want)
		}
	}
}

// TestFoundStays has a server that reads its file again after another one has come before it.
func TestFoundStays(t *testing.T) {
	dir, flags := t.TempDir(), newParser().Model.Flags
	i := invocation{environ: []string{"XDG_CONFIG_HOME=" + filepath.Join(dir, "xdg")}, found: filepath.Join(dir, "found.toml")}
	for _, file := range []string{i.found, usualConfigs("linux", i.environ)[0]} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if c, r := i.findConfig(flags, commandLine{}, nil); r != nil || c.faults.file != i.found {
		t.Errorf("%+v, %+v, expected %s", c, r, i.found)
	}
}
