package hub

import (
	"encoding/json"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// burst is how many lines are printed at once.
const burst = 10_000

// brokenLine is where the document, a diff whose lines were joined, had the end of a line: a
// plus, but not the one that adds a string in an expression.
var brokenLine = regexp.MustCompile(` \+(?: ([^" ])|([^" ]))`)

// pageLogic returns the JavaScript of the document, with its lines as they were.
func pageLogic(t *testing.T) string {
	t.Helper()
	_, rest, found := strings.Cut(harness.Source(t, "process-streaming.txt"), " +```js")
	script, _, ended := strings.Cut(rest, " +```")
	if !found || !ended {
		t.Fatal("the document has no JavaScript")
	}
	script = strings.ReplaceAll(script, " + +", " +\n +")
	script = strings.TrimSpace(brokenLine.ReplaceAllString(script, "\n$1$2"))
	for _, part := range []string{`new WebSocket("ws://localhost:8080/ws");`, `// Subscribe to process output` + "\n", `terminal.write(msg.data + "\n");`} {
		if !strings.Contains(script, part) {
			t.Fatalf("the JavaScript has no %q:\n%s", part, script)
		}
	}
	return script
}

// around is what the JavaScript of the document needs around it: a terminal, and a WebSocket that
// leads its URL, which is left as it is, to the server under test. All frames are kept.
const around = `
globalThis.written = ''
globalThis.frames = []
globalThis.sent = []
globalThis.terminal = { write(text) { written += text } }
{
  const Original = globalThis.WebSocket
  globalThis.WebSocket = class extends Original {
    constructor(url) {
      super(url.replace('ws://localhost:8080', at))
      this.addEventListener('message', event => frames.push(event.data))
      globalThis.last = this
    }
    send(text) {
      super.send(text)
      sent.push(text)
    }
  }
}
`

// run is what has become of a run of the JavaScript.
type run struct {
	Written string
	Frames  []string
	Sent    []string
}

// check demands that every line came, in order, each in a frame of its own that is one object.
func (r *run) check(t *testing.T) {
	t.Helper()
	var want strings.Builder
	for i := range burst {
		want.WriteString(strconv.Itoa(i+1) + "\n")
	}
	want.WriteString("\nProcess exited with code 0\n")
	if r.Written != want.String() {
		t.Errorf("the terminal has %d bytes, not %d: %.100q .. %q", len(r.Written), want.Len(), r.Written, r.Written[max(0, len(r.Written)-100):])
	}
	if len(r.Frames) != burst+2 {
		t.Errorf("%d frames", len(r.Frames))
	}
	for _, frame := range r.Frames {
		var object map[string]any
		if err := json.Unmarshal([]byte(frame), &object); err != nil || object["channel"] != "process:build-1" {
			t.Fatalf("a frame is %q: %v", frame, err)
		}
	}
	if len(r.Sent) != 2 || !strings.Contains(r.Sent[1], `"unsubscribe"`) {
		t.Errorf("sent: %q", r.Sent)
	}
}

// TestDocument (2.7, point 5): the page logic of the document works unchanged under a burst of
// lines: in Node with the package ws, and in Chromium.
func TestDocument(t *testing.T) {
	t.Parallel()
	script := pageLogic(t)
	for name, follow := range map[string]func(t *testing.T, address, script string) (end func() run){
		"Node with ws": inNode, "Chromium": inChromium,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startExample(t, "seq", strconv.Itoa(burst))
			end := follow(t, s.Addr, script)
			harness.Until(t, "the page subscribes", func() bool { return subscribers(t, s) == 1 })
			runAs(t, s, "build-1")
			r := end()
			r.check(t)
			harness.Until(t, "the page unsubscribes", func() bool { return subscribers(t, s) == 0 })
		})
	}
}

// subscribers returns how many subscriptions there are.
func subscribers(t *testing.T, s *harness.Server) int {
	t.Helper()
	return stats(t, s)["subscribers"]
}

func stats(t *testing.T, s *harness.Server) (all map[string]int) {
	t.Helper()
	_, body := ask(t, "GET", "http://"+s.Addr+"/stats")
	if err := json.Unmarshal([]byte(body), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// inNode runs the script in Node, where the package ws is the WebSocket. It reports at the end
// of the process, when the script has sent its second message.
func inNode(t *testing.T, address, script string) (end func() run) {
	harness.Need(t, "node:ws")
	cmd := exec.CommandContext(harness.Context(t), "node", "testdata/document.cjs", harness.ClientsDir(), "ws://"+address)
	cmd.Stdin = strings.NewReader(around + "\x00" + script)
	out := &harness.Lines{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() (r run) {
		if err := cmd.Wait(); err != nil {
			t.Fatalf("node: %v\n%s", err, out)
		}
		if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return r
	}
}

// inChromium runs the script in a page of the example.
func inChromium(t *testing.T, address, script string) (end func() run) {
	chromium := browser.Start(t)
	page, _, closeWindow := browser.Window(t, chromium)
	t.Cleanup(closeWindow)
	do := func(actions ...chromedp.Action) {
		t.Helper()
		ctx, cancel := harness.WithPatience(t, page)
		defer cancel()
		if err := chromedp.Run(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	eval := func(text string, to any) {
		t.Helper()
		do(chromedp.Evaluate(text, to))
	}
	// Not the page of the example, which connects, too. A first Run ends the page with its context.
	if err := chromedp.Run(page, chromedp.Navigate("http://"+address+"/stats")); err != nil {
		t.Fatal(err)
	}
	eval(`globalThis.at = "ws://`+address+`";`+around+`;0`, nil)
	eval(script+";0", nil)
	return func() (r run) {
		harness.Until(t, "the page unsubscribes", func() bool {
			var sent int
			eval("sent.length", &sent)
			return sent == 2
		})
		eval("({written, frames, sent})", &r)
		return r
	}
}
