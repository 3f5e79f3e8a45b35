package shared

import (
	"strings"
	"testing"

	"websocketd/test/harness"
)

// Nothing of whoever came first is in the environment of the process.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	s := harness.Options{Bin: harness.Binary(t), Env: []string{"MINE=1", "SECRET=1"}, PassEnv: []string{"MINE"},
		Args: []string{"--shared", "--header=X-Answer: 1", "sh", "-c", "exec env"}}.Start(t)
	env := s.Environment(t, harness.Handshake("/some/path?a=b").
		Add("X-Mine", "1").Add("Cookie", "c=d").Add("User-Agent", "me").Add("Authorization", "Basic eDp5").Origin("http://localhost"))
	want := map[string]string{"MINE": "1", "SCRIPT_NAME": "/", "PATH_INFO": "/some/path", "GATEWAY_INTERFACE": "CGI/1.1", harness.MarkName: s.Mark}
	if _, ok := env["SECRET"]; ok {
		t.Error("SECRET was passed on")
	}
	for name, value := range env {
		known, ok := want[name]
		switch {
		case ok && known != value:
			t.Errorf("%s is %q, not %q", name, value, known)
		case ok, name == "PATH", name == "SERVER_SOFTWARE", name == "PWD", name == "_", name == "SHLVL", name == "OLDPWD":
		default:
			t.Errorf("%s=%s", name, value)
		}
		for _, of := range []string{"REMOTE_", "HTTP_", "QUERY_", "SERVER_NAME", "SERVER_PORT", "REQUEST_", "UNIQUE_ID", "AUTH_", "HTTPS"} {
			if strings.HasPrefix(name, of) {
				t.Errorf("%s=%s is of one client", name, value)
			}
		}
	}
	for name := range want {
		if _, ok := env[name]; !ok {
			t.Errorf("no %s", name)
		}
	}
}
