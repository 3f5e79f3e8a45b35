package browserclient

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// build is the page of examples/pow.
type build struct{ *tab }

// start fills in the form, and sends it. On a busy machine the page may not have sent its call
// within a second; then it is done again.
func (b build) start(goal string, files int) {
	b.t.Helper()
	for {
		b.run(chromedp.SetValue(`[name=goal]`, goal), chromedp.SetValue(`[name=files]`, fmt.Sprint(files)), chromedp.Click(`form button`))
		var state string
		harness.Until(b.t, "the build begins, or is refused", func() bool {
			state = b.eval(`state.textContent`)
			return state != "building" || b.eval(`output.textContent`) != ""
		})
		if state != "timeout expired" {
			return
		}
	}
}

// shows waits until an element has a text in it, and returns all of it.
func (b build) shows(id, text string) (all string) {
	b.t.Helper()
	if !harness.Within(harness.Patience(b.t), func() bool {
		all = b.eval(fmt.Sprintf("document.getElementById(%q).textContent", id))
		return strings.Contains(all, text)
	}) {
		b.t.Fatalf("the page shows %q, not %q", all, text)
	}
	return all
}

// TestExamplePage: the page of examples/pow runs a build, shows its output live, cancels it,
// and shows its result.
func TestExamplePage(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	s := harness.Options{Bin: harness.Binary(t), Dir: filepath.Join(harness.RootDir(), "examples", "pow"), Args: []string{"--config=websocketd.toml"}}.Start(t)
	b := build{newTab(t, chromium)}
	b.run(chromedp.Navigate("http://"+s.Addr+"/"), chromedp.WaitReady("#state"))
	idle := func() {
		t.Helper()
		if got := b.eval(`String(document.getElementById("cancel").disabled)`); got != "true" {
			t.Error("what is over can be canceled")
		}
		harness.NoSurvivors(t, s)
	}

	if icon := b.eval(`document.querySelector("link[rel=icon]")?.href ?? ""`); !strings.HasPrefix(icon, "data:") {
		t.Errorf("a browser asks for /favicon.ico, which is not there: the icon is %q", icon)
	}

	b.start("docs", 3)
	b.shows("state", "docs is built, of 3 files")
	if got, want := b.shows("output", "built"), "[1/3] compiling docs-1 ... done\n[2/3] compiling docs-2 ... done\n[3/3] compiling docs-3 ... done\n"+`{"built":"docs","files":3}`+"\n"; got != want {
		t.Errorf("the output is %q", got)
	}
	idle()

	b.start("app", 99)
	b.shows("output", "[2/99] compiling app-2")
	b.shows("state", "building")
	b.run(chromedp.Click("#cancel"))
	b.shows("state", "process returned error: client requested cancellation (exit status 130)")
	if all := b.shows("output", "cleaning up\n"); strings.Contains(all, "[99/99]") {
		t.Error("it was not canceled")
	}
	idle()

	b.start("broken", 5)
	b.shows("state", "process returned error: exit status 1")
	b.shows("output", "error: broken-2 is broken")
	idle()

	b.eval(`document.forms[0].noValidate = true, ""`)
	b.start("app", 100)
	b.shows("state", "failed to get process: invalid args")
	idle()

	b.start("app", 98)
	b.shows("output", "[1/98]")
	b.run(chromedp.Navigate("about:blank"))
	harness.NoSurvivors(t, s)
}
