package browserclient

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// programs are those that testdata/calls.mjs calls. The last one may be given another key.
const programs = `
[program.cat]
command = ["cat"]

[program.args]
command = ["sh", "-c", 'for p; do printf "(%s)" "$p"; done', "args"]

[program.fail]
command = ["sh", "-c", "printf some; exit 3"]

[program.killed]
command = ["sh", "-c", "kill -KILL $$"]

[program.deaf]
command = ["sh", "-c", "printf begun; exec sleep 1000"]

[program.stubborn]
command = ["sh", "-c", "trap '' INT TERM; printf begun; cat; printf 'the input has ended'"]
closems = 60_000

[program.brief]
command = ["sh", "-c", "exit 0"]

[program.endless]
command = ["sh", "-c", "while echo 'one line'; do :; done"]

[program.user]
command = ["sh", "-c", 'printf "$REMOTE_USER"']
`

// asker makes the calls of testdata/calls.mjs: a function of it, with what it is to have, for
// its answer.
type asker func(t *testing.T, what, url string, more ...string) string

// callers are where calls are made from, with what each needs.
var callers = map[string]struct {
	need string
	make func(*testing.T) asker
}{
	"Node": {"node", func(t *testing.T) asker {
		return inNode(append(harness.Node20(t), "testdata/node.mjs", "global")...)
	}},
	"Node with ws": {"node:ws", func(*testing.T) asker { return inNode("node", "testdata/node.mjs", "ws") }},
	"Chromium":     {"chromium", inChromium},
}

// eachCaller runs a test in all of them.
func eachCaller(t *testing.T, test func(t *testing.T, ask asker)) {
	for name, caller := range callers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.Need(t, caller.need)
			test(t, caller.make(t))
		})
	}
}

// inChromium makes the calls in the page of serveCalls.
func inChromium(t *testing.T) asker {
	chromium := browser.Start(t)
	return func(t *testing.T, what, url string, more ...string) string {
		t.Helper()
		b := newTab(t, chromium)
		b.run(chromedp.Navigate(url), chromedp.WaitReady("#ready"))
		args := "(url, name, params, options) => websocketd.call(url, name, params, {patience: 120_000, ...options}), location.href"
		for _, arg := range more {
			args += fmt.Sprintf(", %q", arg)
		}
		return b.eval("calls." + what + "(" + args + ")")
	}
}

// inNode makes the calls in Node, by testdata/node.mjs.
func inNode(args ...string) asker {
	return func(t *testing.T, what, url string, more ...string) string {
		t.Helper()
		all := append(append(args[:len(args):len(args)], what, url), more...)
		cmd := exec.CommandContext(harness.Context(t), all[0], all[1:]...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
		return string(out)
	}
}

// serveCalls serves the programs by their names, and a page that can call them.
func serveCalls(t *testing.T, programs string, flags ...string) *harness.Server {
	t.Helper()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "config.toml"), programs, 0o644)
	harness.WriteFile(t, filepath.Join(dir, "tokens"), "ada:"+secret+"\n", 0o600)
	harness.WriteFile(t, filepath.Join(dir, "public", "calls.mjs"), read(t, "../../test/browserclient/testdata/calls.mjs"), 0o644)
	harness.WriteFile(t, filepath.Join(dir, "public", "index.html"), `<!DOCTYPE html><title>page</title>
<script src="/.websocketd/pow.js"></script>
<script type="module">import * as all from '/calls.mjs'; window.calls = all; document.body.id = 'ready'</script><body>`, 0o644)
	return harness.Options{Bin: harness.Binary(t), Dir: dir, Args: append(flags, "--pow", "--config=config.toml", "--staticdir=public")}.Start(t)
}

// TestCalls: calls of a real server are what the rules of pow-1 say, in a page and in Node.
func TestCalls(t *testing.T) {
	t.Parallel()
	eachCaller(t, func(t *testing.T, ask asker) {
		s := serveCalls(t, programs)
		if failed := ask(t, "run", "http://"+s.Addr+"/"); failed != "" {
			t.Error(failed)
		}
		harness.NoSurvivors(t, s)
	})
}

// TestLostCall: a lost connection is no result, and what was cut off is not taken for the
// whole output; the process is gone.
func TestLostCall(t *testing.T) {
	t.Parallel()
	eachCaller(t, func(t *testing.T, ask asker) {
		s := serveCalls(t, programs)
		proxy := harness.NewProxy(t, s.Addr)
		proxy.After(200_000, harness.Reset)
		const want = `[true,"ConnectionError 1006","ConnectionError: no result from it: the connection was lost"]`
		if got := ask(t, "lost", "http://"+proxy.Addr+"/"); got != want {
			t.Errorf("%s, not %s", got, want)
		}
		harness.NoSurvivors(t, s)
	})
}

// TestTokenOfACall: a program that asks for a token is called with the right one only.
func TestTokenOfACall(t *testing.T) {
	t.Parallel()
	eachCaller(t, func(t *testing.T, ask asker) {
		s := serveCalls(t, programs+`auth = ["token"]`+"\n", "--tokenfile=tokens", "--auth=none")
		for token, want := range map[string]string{
			secret:  `["ada","null"]`,
			"":      `["","RejectedError: failed to get process: authorization denied"]`,
			"wrong": `["ConnectionError","ConnectionError: no result from it: no WebSocket"]`, // a page is not told why
		} {
			if got := ask(t, "identity", "http://"+s.Addr+"/", token); got != want {
				t.Errorf("with %q: %s, not %s", token, got, want)
			}
		}
		if s.Err.Has(secret) || s.Out.Has(secret) {
			t.Error("the token is in the log")
		}
	})
}
