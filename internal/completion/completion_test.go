package completion

import (
	"errors"
	"strings"
	"testing"
)

func TestBrief(t *testing.T) {
	for help, want := range map[string]string{
		"Show the version.":                 "Show the version",
		"TCP port to listen on; 0 is 80.":   "TCP port to listen on",
		"How to log: text, or json.":        "How to log",
		"Speak TLS (wss). Needs --sslcert.": "Speak TLS (wss)",
		"No end":                            "No end",
		"Of 1.5 parts":                      "Of 1.5 parts",
		strings.Repeat("word ", 20):         strings.TrimSpace(strings.Repeat("word ", 12)) + " ..",
		"Words of ten, and a line that is cut at a comma, after it": "Words of ten, and a line that is cut at a comma, after it",
	} {
		if got := Brief(help); got != want {
			t.Errorf("%q is %q in brief, expected %q", help, got, want)
		}
	}
}

// odd is a command whose texts mean something to shells.
var odd = Command{Name: "odd", Rest: Program, Flags: []Flag{
	{Name: "it", Help: `it's [a] "$(touch x)": \ flag`, Shows: "A:B", Value: Text, Repeats: true},
	{Name: "on", Short: "o", Help: "on"},
	{Name: "how", Help: "how", Shows: "H", Value: Words, Optional: true, Words: []string{"so", "not"}},
}, Words: []Command{{Name: "sub", Help: "it's sub: a word", Words: []Command{{Name: "deep", Help: "deep", Rest: Served}}}}}

// What a text says stays a text: nothing of it is run, and no quote of it ends.
func TestQuotes(t *testing.T) {
	for shell, want := range map[string][]string{
		"bash": {"'--it=\n--on\n--how\n--how='", "':it') echo 'next text'", "':how') echo 'beside words so not'", "'sub') echo 'deep'", "'sub/deep') echo served"},
		"zsh":  {`'*--it=[it'\''s \[a\] "$(touch x)"\: \ flag]:A\:B: '`, "'--on[on]'", "'-o[on]'", "'--how=-[how]::H:(so not)'", `'sub:it'\''s sub\: a word'`, "_odd_sub_deep() {"},
		"fish": {`-l it -x -d 'it\'s [a] "$(touch x)": \\ flag'`, "-l on -s o -d 'on'", "-l how -d 'how'", `-a sub -d 'it\'s sub: a word'`, "'__odd_in sub/deep' -f -a '(__odd_served)'"},
	} {
		script, err := Script(shell, odd)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(script, text) {
				t.Errorf("%s: there is no %s in\n%s", shell, text, script)
			}
		}
		if strings.Contains(script, "NAME") || strings.Contains(script, "@") && strings.Contains(script, "@\n") {
			t.Errorf("%s: a mark of the template is left", shell)
		}
	}
	if _, err := Script("tcsh", odd); !errors.Is(err, ErrShell) {
		t.Errorf("tcsh: %v", err)
	}
}
