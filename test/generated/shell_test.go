package generated

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"websocketd/internal/cli"
	"websocketd/test/harness"
)

// shell is a real one with the completions of websocketd.
type shell interface {
	// complete asks what a line that is typed so far can go on with. line is what it becomes
	// when the key for that is pressed; "" if that is not known.
	complete(t *testing.T, typed string) (answers []string, line string)
}

// atPrompt is a shell at a terminal. What its completion answers, and what the line is then, is
// written to a file.
type atPrompt struct {
	screen *os.File
	out    string
	asked  int
	key    string // completes, writes to the file, and empties the line
}

// bashrc has the keys: tab, and then Ctrl-T.
const bashrc = `PS1='$ '
bind 'set bell-style none'
%BEFORE%
. ./completion
noted() { _websocketd "$@"; local status=$?; printf 'ANSWER %s\n' "${COMPREPLY[@]}" >>out; return $status; }
complete -F noted websocketd
finish() { printf 'END %s\n' "$READLINE_LINE" >>out; }
bind -x '"\C-t": finish'
printf 'END \n' >>out
`

// zshrc does that in one key. What compadd is given to match is noted, unless it is asked for what
// matches.
const zshrc = `PS1='%% '
setopt no_beep no_auto_list no_auto_menu no_list_ambiguous
fpath=($PWD/functions $fpath)
autoload -Uz compinit; compinit -u -d $PWD/dump
compadd() {
    if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
        local -a noted
        builtin compadd -O noted "$@"
        (( $#noted )) && printf 'ANSWER %s\n' "${noted[@]}" >>out
    fi
    builtin compadd "$@"
}
compdef '_arguments "--alpha" "--beta"' tool
finish() { zle complete-word; printf 'END %s\n' "$BUFFER" >>out; BUFFER= }
zle -N finish
bindkey '^T' finish
printf 'END \n' >>out
`

// tool is a program with a completion of its own.
const bashTool = `complete -W '--alpha --beta' tool`

func script(t *testing.T, name string) string {
	t.Helper()
	text, err := cli.Completion(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// furnish makes a directory with what is completed to, and websocketd in its PATH.
func furnish(t *testing.T) (dir string, env []string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"bin", "functions", "folder"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"site.toml": "", "greet.sh": "#!/bin/sh\n", "bin/tool": "#!/bin/sh\n", "functions/_websocketd": script(t, "zsh")} {
		put(t, filepath.Join(dir, name), text)
	}
	if err := os.Symlink(harness.Binary(t), filepath.Join(dir, "bin", "websocketd")); err != nil {
		t.Fatal(err)
	}
	return dir, []string{"PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH"), "HOME=" + dir, "ZDOTDIR=" + dir, "TERM=dumb", "LC_ALL=C",
		"XDG_RUNTIME_DIR=" + dir, "XDG_CONFIG_HOME=" + dir, "GORACE=atexit_sleep_ms=0"}
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// startBash starts bash, with the package bash-completion or, as on other systems, without.
func startBash(t *testing.T, before string) shell {
	dir, env := furnish(t)
	put(t, filepath.Join(dir, "completion"), script(t, "bash"))
	put(t, filepath.Join(dir, ".bashrc"), strings.ReplaceAll(bashrc, "%BEFORE%", before))
	return startShell(t, dir, env, "\t\x14\x15", "bash", "--rcfile", ".bashrc", "-i")
}

func startZsh(t *testing.T) shell {
	dir, env := furnish(t)
	put(t, filepath.Join(dir, ".zshrc"), zshrc)
	return startShell(t, dir, env, "\x14", "zsh", "-i")
}

// startShell starts a shell at a terminal, and waits until it can be typed to.
func startShell(t *testing.T, dir string, env []string, key string, argv ...string) *atPrompt {
	t.Helper()
	harness.Need(t, argv[0])
	screen, tty := harness.NewPTY(t, 200)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	shown := &strings.Builder{}
	reading.Go(func() { io.Copy(shown, screen) })
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		tty.Close()
		screen.Close()
		reading.Wait()
		if t.Failed() {
			t.Logf("the terminal of %s: %q", argv[0], shown.String())
		}
	})
	s := &atPrompt{screen: screen, out: filepath.Join(dir, "out"), key: key}
	s.answer(t)
	return s
}

// answer waits for the next answer.
func (s *atPrompt) answer(t *testing.T) (answers []string, line string) {
	t.Helper()
	var all []string
	harness.Until(t, "an answer of the shell", func() bool {
		text, _ := os.ReadFile(s.out)
		all = strings.Split(string(text), "END ")
		return len(all) > s.asked+1 && strings.HasSuffix(string(text), "\n")
	})
	for said := range strings.Lines(all[s.asked]) {
		if answer, ok := strings.CutPrefix(strings.TrimSuffix(said, "\n"), "ANSWER "); ok {
			answers = append(answers, answer)
		}
	}
	s.asked++
	line, _, _ = strings.Cut(all[s.asked], "\n")
	return answers, line
}

func (s *atPrompt) complete(t *testing.T, typed string) (answers []string, line string) {
	t.Helper()
	if _, err := s.screen.WriteString(typed + s.key); err != nil {
		t.Fatal(err)
	}
	return s.answer(t)
}

// fish says by itself what it completes to.
type fish struct {
	dir string
	env []string
}

func startFish(t *testing.T) shell {
	harness.Need(t, "fish")
	dir, env := furnish(t)
	put(t, filepath.Join(dir, "completion"), script(t, "fish")+"\ncomplete -c tool -f -a '--alpha --beta'\n")
	return fish{dir, env}
}

func (f fish) complete(t *testing.T, typed string) (answers []string, line string) {
	t.Helper()
	cmd := exec.CommandContext(harness.Context(t), "fish", "--no-config", "-c", "source completion; complete -C $argv[1]", typed)
	cmd.Dir, cmd.Env = f.dir, f.env
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("fish: %v", err)
	}
	for said := range strings.Lines(string(out)) {
		answer, _, _ := strings.Cut(strings.TrimSuffix(said, "\n"), "\t")
		answers = append(answers, answer)
	}
	return answers, ""
}
