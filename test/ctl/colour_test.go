package ctl

import (
	"strings"
	"testing"
)

// Headings are bold where a terminal shows that, and where somebody says so.
func TestColour(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.serve(t, "cat")
	for _, test := range []struct {
		env      []string
		terminal bool
		bold     bool
	}{
		{env: []string{"TERM=xterm"}, terminal: true, bold: true},
		{env: []string{"TERM=xterm", "NO_COLOR=1"}, terminal: true},
		{env: []string{"TERM=xterm", "NO_COLOR="}, terminal: true, bold: true},
		{env: []string{"TERM=dumb"}, terminal: true},
		{env: []string{"TERM=dumb", "FORCE_COLOR=1"}, terminal: true, bold: true},
		{env: nil},
		{env: []string{"FORCE_COLOR=1"}, bold: true},
		{env: []string{"FORCE_COLOR=1", "NO_COLOR=1"}},
	} {
		out := ""
		if test.terminal {
			c := p.atTerminal(t, 80, test.env, "list")
			c.shows(t, "cat")
			out = c.out.String()
		} else {
			cmd := p.command(t, "list", "--json=false")
			cmd.Env = append(cmd.Env, test.env...)
			out, _, _ = run(t, cmd)
		}
		if bold := strings.Contains(out, "\x1b[1m"); bold != test.bold || !strings.Contains(out, "cat") {
			t.Errorf("%q, at a terminal %v: bold is %v in %q", test.env, test.terminal, bold, out)
		}
	}
}
