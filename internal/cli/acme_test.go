package cli

import "testing"

// TestStateDir: what systemd says wins, then who runs the server.
func TestStateDir(t *testing.T) {
	t.Parallel()
	for want, test := range map[string]struct {
		env    map[string]string
		isRoot bool
	}{
		"/run/a":                            {map[string]string{"STATE_DIRECTORY": "/run/a:/run/b", "HOME": "/home/ada"}, true},
		"/var/lib/websocketd":               {map[string]string{"HOME": "/root", "XDG_STATE_HOME": "/x"}, true},
		"/x/websocketd":                     {map[string]string{"HOME": "/home/ada", "XDG_STATE_HOME": "/x"}, false},
		"/home/ada/.local/state/websocketd": {map[string]string{"HOME": "/home/ada", "XDG_STATE_HOME": "relative"}, false},
		"":                                  {nil, false},
	} {
		got, err := stateDirOf(func(name string) string { return test.env[name] }, test.isRoot)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
}
