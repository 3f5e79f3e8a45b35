package poll

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// A program that does not take a POST, or not all of it, for longer than a ping interval keeps its
// client waiting, and so does a rate. The fetch of Node takes an interim response meanwhile for a
// broken answer.
func TestFetchAwaitsProgram(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node")
	const post = `const ask = () => fetch(process.argv[1], { method: 'POST', body: 'x'.repeat(900000), headers: JSON.parse(process.argv[3]) });
(async () => { for (let r, i = 0; i < +process.argv[2]; i++) r = await ask(), process.stdout.write(r.status + (await r.text()).trim() + ' ') })()`
	for name, test := range map[string]struct {
		flags   []string
		posts   int
		want    string
		headers string
	}{
		"a message": {[]string{"--shared", "sh", "-c", "sleep 3; cat >/dev/null"}, 1, "204 ", "{}"},
		"all input": {[]string{"sh", "-c", "sleep 3; wc -c"}, 1, "200900000 ", `{"User-Agent":"mine"}`},
		"a turn":    {[]string{"--shared", "--messagerate=20/m", "sh", "-c", "cat >/dev/null"}, 21, strings.Repeat("204 ", 21), "{}"},
		"a script":  {[]string{"--cgidir=" + harness.Scripts(t, map[string]string{"wc": "sleep 3; echo Content-Type: text/plain; echo; wc -c"})}, 1, "200900000 ", "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, append([]string{"--pingms=500"}, test.flags...)...)
			path := "/"
			if name == "a script" {
				path = "/wc"
			}
			cmd := exec.CommandContext(harness.Context(t), "node", "-e", post, "http://"+s.Addr+path, strconv.Itoa(test.posts), test.headers)
			if out, err := cmd.CombinedOutput(); string(out) != test.want {
				t.Errorf("%s, %v", out, err)
			}
		})
	}
}
