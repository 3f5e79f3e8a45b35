package cli

import (
	"strings"
	"testing"

	"websocketd/internal/completion"
)

// Every shell's script names every flag, and the words of a choice.
func TestCompletionIsWhole(t *testing.T) {
	for _, shell := range completion.Shells {
		status, script, errs := invoke(nil, "completion", shell)
		if status != ExitOK || errs != "" {
			t.Fatalf("%s: %d, %s", shell, status, errs)
		}
		for _, f := range Flags() {
			hyphens := map[string]string{"bash": "--", "zsh": "--", "fish": "-l "}[shell]
			if !strings.Contains(script, hyphens+f.Name) || !strings.Contains(script, strings.Join(f.Words, " ")) {
				t.Errorf("%s: --%s is not there, or not its words %q", shell, f.Name, f.Words)
			}
		}
	}
}

func TestCompletionRefuses(t *testing.T) {
	const see = "websocketd completion --help shows every option.\n"
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{}, "please specify one shell: websocketd completion bash|zsh|fish\n" + see},
		{[]string{"bash", "zsh"}, "please specify one shell: websocketd completion bash|zsh|fish\n" + see},
		{[]string{"tcsh"}, "there is no completion for \"tcsh\": must be one of bash, zsh, fish\n" + see},
		{[]string{"--port=1", "bash"}, "flag provided but not defined: --port\n" + see},
	} {
		if status, out, errs := invoke(nil, append([]string{"completion"}, test.args...)...); status != ExitFlags || out != "" || errs != test.says {
			t.Errorf("%q: %d, %q, %q, expected %q", test.args, status, out, errs, test.says)
		}
	}
	for _, args := range [][]string{{"completion", "--help"}, {"help", "completion"}} {
		if status, out, _ := invoke(nil, args...); status != ExitOK || !strings.HasPrefix(out, "Usage: websocketd completion bash|zsh|fish\n") {
			t.Errorf("%q: %d, %q", args, status, out)
		}
	}
}

// Only the first word is reserved, and a program of that name runs by its path.
func TestCompletionIsReserved(t *testing.T) {
	for _, args := range [][]string{{"./completion"}, {"--", "completion"}, {"--port=1", "completion"}} {
		if _, out, errs := invoke(nil, args...); strings.Contains(out+errs, "shell") {
			t.Errorf("%q prints a script: %s", args, errs)
		}
	}
}
