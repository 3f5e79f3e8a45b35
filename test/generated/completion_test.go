package generated

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocketd/internal/completion"
	"websocketd/test/harness"
)

// completions are lines with what every shell has to complete them to. Of some the whole line is
// known, too.
var completions = []struct {
	typed string
	has   []string // answers
	not   []string
	line  string // what it becomes, in shells that write it; "": not tested
}{
	{typed: "websocketd --framin", has: []string{"--framing"}, line: "websocketd --framing="},
	{typed: "websocketd --ss", has: []string{"--ssl", "--sslcert", "--sslkey", "--sslca"}, not: []string{"--port"}},
	{typed: "websocketd --framing=nu", has: []string{"null"}, not: []string{"line"}, line: "websocketd --framing=null "},
	{typed: "websocketd --framing l", has: []string{"line", "length", "lsp"}, not: []string{"raw", "list"}},
	{typed: "websocketd --port=1 --loglevel=tr", has: []string{"trace"}, line: "websocketd --port=1 --loglevel=trace "},
	{typed: "websocketd --origin=http://a:1 --attach=ta", has: []string{"takeover"}, line: "websocketd --origin=http://a:1 --attach=takeover "},
	{typed: "websocketd --auth=password,to", has: []string{"token"}, not: []string{"jwt"}},
	{typed: "websocketd --config=si", has: []string{"site.toml"}, line: "websocketd --config=site.toml "},
	{typed: "websocketd --sslcert si", has: []string{"site.toml"}, line: "websocketd --sslcert site.toml "},
	{typed: "websocketd --sandboxread=si", has: []string{"site.toml"}},
	{typed: "websocketd --staticdir=fo", has: []string{"folder"}, line: "websocketd --staticdir=folder/"},
	{typed: "websocketd --dir ", has: []string{"folder"}, not: []string{"site.toml"}},
	{typed: "websocketd ct", has: []string{"ctl"}},
	{typed: "websocketd --port=1 ct", not: []string{"ctl"}},
	{typed: "websocketd too", has: []string{"tool"}, line: "websocketd tool "},
	{typed: "websocketd --once ./gre", has: []string{"greet.sh"}, line: "websocketd --once ./greet.sh "},
	{typed: "websocketd --port 80 tool --al", has: []string{"--alpha"}, not: []string{"--allow"}, line: "websocketd --port 80 tool --alpha "},
	{typed: "websocketd --ssl -- tool --be", has: []string{"--beta"}, line: "websocketd --ssl -- tool --beta "},
	{typed: "websocketd ctl lo", has: []string{"logs"}, not: []string{"list"}, line: "websocketd ctl logs "},
	{typed: "websocketd ctl logs --fo", has: []string{"--follow"}, line: "websocketd ctl logs --follow "},
	{typed: "websocketd ctl list --", has: []string{"--json", "--admin"}, not: []string{"--follow", "--port"}},
	{typed: "websocketd ctl --json re", has: []string{"restart", "reload"}, not: []string{"list"}},
	{typed: "websocketd ctl logs cou", has: []string{"counter"}, line: "websocketd ctl logs counter "},
	{typed: "websocketd ctl logs ev"}, // must not run what the name says
	{typed: "websocketd connect --in", has: []string{"--insecure"}, line: "websocketd connect --insecure "},
	{typed: "websocketd connect wss://a:1/ --ca=si", has: []string{"site.toml"}, line: "websocketd connect wss://a:1/ --ca=site.toml "},
	{typed: "websocketd connect --", has: []string{"--resume", "--eofwait"}, not: []string{"--port", "--json"}},
	{typed: "websocketd passwd --re", has: []string{"--replace"}, line: "websocketd passwd --replace "},
	{typed: "websocketd completion z", has: []string{"zsh"}, not: []string{"bash"}, line: "websocketd completion zsh "},
	{typed: "websocketd help co", has: []string{"connect", "completion"}, not: []string{"ctl"}},
}

// Completions work in the shells that they are for, at a prompt.
func TestShells(t *testing.T) {
	for name, start := range map[string]func(t *testing.T) shell{
		"bash":         func(t *testing.T) shell { return startBash(t, "") },
		"bash package": func(t *testing.T) shell { return startBash(t, bashPackage(t)) },
		"zsh":          startZsh,
		"fish":         startFish,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			dir := serve(t, s)
			for _, c := range completions {
				if name == "bash" && strings.Contains(c.typed, " tool ") {
					continue // without the package COMMAND's own completion is not known
				}
				answers, line := s.complete(t, c.typed)
				for i, a := range answers {
					answers[i] = plain(a)
				}
				for _, want := range c.has {
					if !slices.Contains(answers, want) {
						t.Errorf("%q: %q is not in %q", c.typed, want, answers)
					}
				}
				for _, not := range c.not {
					if slices.Contains(answers, not) {
						t.Errorf("%q: %q is in %q", c.typed, not, answers)
					}
				}
				if c.line != "" && line != "" && line != c.line {
					t.Errorf("%q becomes %q, expected %q; %q", c.typed, line, c.line, answers)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
				t.Error("what a program's name says was run")
			}
		})
	}
}

// plain returns an answer as the table has it: shells differ in what stands before and after.
func plain(answer string) string {
	answer = strings.TrimSuffix(strings.TrimSuffix(answer, "/"), "=")
	if flag, value, ok := strings.Cut(answer, "="); ok && strings.HasPrefix(flag, "--") {
		answer = value
	}
	if _, last, ok := strings.Cut(answer, ","); ok {
		answer = last
	}
	return strings.TrimPrefix(answer, "./")
}

// bashPackage returns the line that reads the package bash-completion.
func bashPackage(t *testing.T) string {
	const file = "/usr/share/bash-completion/bash_completion"
	if _, err := os.Stat(file); err != nil {
		harness.Skip(t, "bash-completion", err.Error())
	}
	return ". " + file + "\n" + bashTool
}

// serve starts a server that the shell's websocketd ctl finds. It returns the shell's directory.
func serve(t *testing.T, s shell) (dir string) {
	t.Helper()
	switch s := s.(type) {
	case *atPrompt:
		dir = filepath.Dir(s.out)
	case fish:
		dir = s.dir
	}
	var served strings.Builder
	for _, name := range []string{"counter", "other", "evil$(touch${IFS}ran)"} {
		fmt.Fprintf(&served, "[program.%q]\ncommand = [\"cat\"]\n", name)
	}
	put(t, filepath.Join(dir, "served.toml"), served.String())
	harness.Options{Bin: harness.Binary(t), Dir: dir, Args: []string{"--admin", "--config=served.toml"}, Env: []string{"XDG_RUNTIME_DIR=" + dir}}.Start(t)
	return dir
}

// The scripts are read without a complaint.
func TestShellsReadScripts(t *testing.T) {
	for _, name := range completion.Shells {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.Need(t, name)
			file := filepath.Join(t.TempDir(), "script")
			put(t, file, script(t, name))
			if out, err := exec.CommandContext(harness.Context(t), name, "-n", file).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
