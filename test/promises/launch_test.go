package promises

import (
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// Answer and log tell the same cause, and the true one: the system says "no such
// file or directory" of a script that is there when it is the interpreter that is not.
func TestLaunchCause(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"crlf": "#!/bin/sh\r\necho\r\n", "text": "echo\n", "empty": "", "missing": "#!/no/such/interpreter\n",
		"notexecutable": "#!/etc/passwd\n",
	} {
		harness.WriteFile(t, filepath.Join(dir, name), text, 0o755)
	}
	s := start(t, "--dir="+dir)
	for _, c := range []struct{ script, answer, log string }{
		{"/crlf", "CR", "dos2unix"},
		{"/text", "#!", "#!/bin/sh"},
		{"/empty", "empty", "empty"},
		{"/missing", "interpreter", "/no/such/interpreter"},
		{"/notexecutable", "interpreter", "/etc/passwd: the program may not be executed"},
	} {
		answer := s.Ask(t, harness.Handshake(c.script))
		if answer.Status() != 500 || !strings.Contains(answer.Body, c.answer) || strings.Contains(answer.Body, dir) {
			t.Errorf("%s: status %d: %s", c.script, answer.Status(), answer.Body)
		}
		s.Out.Await(t, "Could not launch process: "+dir+c.script, c.log)
	}
}
