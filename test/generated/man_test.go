package generated

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/internal/cli"
	"websocketd/internal/ctl"
	"websocketd/test/harness"
)

// pages are the man pages, by their file names.
var pages = map[string]func() string{"websocketd.1": commandPage, "websocketd.toml.5": filePage}

// The pages have nothing that groff or mandoc complains of.
func TestManIsQuiet(t *testing.T) {
	for name, page := range pages {
		file := filepath.Join(t.TempDir(), name)
		put(t, file, page())
		for _, argv := range [][]string{
			{"man", "--warnings", "--local-file", "-Tutf8", "-Z", file},
			{"mandoc", "-Tlint", "-Wwarning", file},
		} {
			t.Run(name+" "+argv[0], func(t *testing.T) {
				harness.Need(t, argv[0])
				cmd := exec.CommandContext(harness.Context(t), argv[0], argv[1:]...)
				var complaints strings.Builder
				cmd.Stderr = &complaints
				if argv[0] == "mandoc" {
					cmd.Stdout = &complaints
				}
				cmd.Env = append(cmd.Environ(), "MANROFFOPT=-ww", "LC_ALL=C.UTF-8", "MANWIDTH=80")
				if err := cmd.Run(); err != nil || complaints.Len() > 0 {
					t.Errorf("%v: %s", err, complaints.String())
				}
			})
		}
	}
}

// What is read names every flag, verb, and key, as it is typed.
func TestManIsWhole(t *testing.T) {
	command, file := rendered(t, "websocketd.1"), rendered(t, "websocketd.toml.5")
	for _, f := range cli.Flags() {
		demand(t, command, "--"+f.Name)
		if f.InFile || f.OfProgram {
			demand(t, file, f.Name+" = ")
		}
		if f.Env != "" {
			demand(t, command, f.Env)
		}
	}
	for _, all := range [][]cli.Flag{cli.ConnectFlags(), cli.CtlFlags(), cli.PasswdFlags()} {
		for _, f := range all {
			demand(t, command, "--"+f.Name)
		}
	}
	for _, v := range ctl.Verbs() {
		demand(t, command, strings.TrimSpace(v.Name+" "+v.Takes)+" ")
	}
	for _, keys := range [][]key{programKeys, supervisedKeys, appKeys} {
		for _, k := range keys {
			demand(t, file, k.name+" = ")
		}
	}
}

func demand(t *testing.T, page, text string) {
	t.Helper()
	if !strings.Contains(page, text) {
		t.Errorf("the page has no %q", text)
	}
}

// rendered returns a page as a reader sees it, in one line.
func rendered(t *testing.T, name string) string {
	t.Helper()
	harness.Need(t, "mandoc")
	file := filepath.Join(t.TempDir(), name)
	put(t, file, pages[name]())
	cmd := exec.CommandContext(harness.Context(t), "mandoc", "-Tutf8", "-Owidth=200", file)
	cmd.Stderr = &strings.Builder{}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err, cmd.Stderr)
	}
	var plain []rune // what is bold or underlined is typed over itself
	for _, c := range string(out) {
		if c == '\b' {
			plain = plain[:len(plain)-1]
		} else {
			plain = append(plain, c)
		}
	}
	return strings.Join(strings.Fields(string(plain)), " ")
}
