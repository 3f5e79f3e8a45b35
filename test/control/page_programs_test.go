package control

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// keptAlive are supervised programs.
const keptAlive = `
[program.web]
command = ["sh", "-c", "echo listening; exec cat"]
lifetime = "supervised"
restart_delay = "10ms"
[program.worker]
command = ["sh", "-c", "echo at work; exec cat"]
lifetime = "supervised"
instances = 2
after = ["web:ready"]
[program.mailer]
command = ["sh", "-c", "echo 'no mailer.conf' >&2; exit 3"]
lifetime = "supervised"
max_restarts = 1
restart_delay = "10ms"
`

// superviseAt starts a server with programs that it keeps alive, with flags.
func superviseAt(t *testing.T, programs string, flags ...string) *managed {
	t.Helper()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "x.toml"), programs, 0o600)
	return manage(t, harness.Options{Dir: dir, Args: append(flags, "--admintoken=none", "--config=x.toml")})
}

// openBoard opens the page of a server in a window of its own.
func openBoard(t *testing.T, s *managed) *pageView {
	t.Helper()
	tab, _, closeWindow := browser.Window(t, browser.Start(t))
	t.Cleanup(closeWindow)
	v := openPage(t, tab, "http://"+s.address+"/")
	v.shows("#state", "running")
	return v
}

// row waits until the row of a program or an instance has a text.
func (v *pageView) row(name, text string) {
	v.t.Helper()
	v.waits(fmt.Sprintf(`Boolean(rowOf(%q)?.textContent.includes(%q))`, name, text))
}

// rowOf is the row of a program or an instance.
const rowOf = `globalThis.rowOf = name => [...document.querySelectorAll("#programs tbody tr")].find(row => row.querySelector("strong").textContent === name), 0`

// pid returns the process of a program or an instance, as the page shows it.
func (v *pageView) pid(name string) (pid int) {
	v.t.Helper()
	harness.Until(v.t, name+" has a process", func() bool {
		text, _ := v.is(fmt.Sprintf(`rowOf(%q)?.querySelector("[data-name=Status] .about").textContent.match(/pid (\d+)/)?.[1] ?? ""`, name)).(string)
		n, _ := fmt.Sscan(text, &pid)
		return n == 1
	})
	return pid
}

// does presses a button of a row, and in the dialog that follows the one that does it.
func (v *pageView) does(name, label string, confirmed bool) {
	v.t.Helper()
	v.waits(fmt.Sprintf(`(() => { const button = [...rowOf(%q)?.querySelectorAll("button") ?? []].find(button => button.textContent === %q && button.ariaDisabled !== "true");
		if (button) button.click(); return Boolean(button); })()`, name, label))
	if confirmed {
		v.waits(`document.getElementById("sure").open`)
		v.run(chromedp.Focus("#yes"), chromedp.KeyEvent("\r"))
	}
}

// TestDashboard: two browsers see a crash and the restart as they happen, and what the buttons of
// one of them do.
func TestDashboard(t *testing.T) {
	t.Parallel()
	s := superviseAt(t, keptAlive, "--admin=127.0.0.1:0")
	v := openBoard(t, s)
	other := openBoard(t, s)
	both := []*pageView{v, other}
	for _, page := range both {
		page.is(rowOf)
		for name, text := range map[string]string{"web": "online", "worker": "2 online", "worker-1": "online", "mailer": "errored"} {
			page.row(name, text)
		}
		page.row("worker", "web:ready")
		page.row("mailer", "exit status 3")
		page.waits(`series.get("web").cpu.length > 1`) // samples come by themselves
	}
	before := v.pid("web")
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for _, page := range both {
		page.shows("#ended", "crashed")
		page.shows("#ended", "signal")
		page.waits(`rowOf("web").querySelector("[data-name=Restarts]").textContent === "1"`)
		page.row("web", "online")
		page.waits(fmt.Sprintf(`!rowOf("web").textContent.includes("pid %d")`, before))
	}
	v.operates(other)
}

// operates presses the buttons of v, and looks at both.
func (v *pageView) operates(other *pageView) {
	v.t.Helper()
	shown := func(name, text string) {
		v.t.Helper()
		v.row(name, text)
		other.row(name, text)
	}
	v.does("worker-1", "Stop", true)
	shown("worker-1", "stopped")
	shown("worker", "1 of 2 online")
	v.does("worker-1", "Start", false)
	shown("worker", "2 online")
	for label, asks := range map[string]bool{"Restart": true, "Reload": false} {
		before := v.pid("web")
		v.does("web", label, asks)
		for _, page := range []*pageView{v, other} {
			harness.Until(v.t, label+" gives another process", func() bool { return page.pid("web") != before })
			page.row("web", "online")
		}
	}
	v.does("worker", "Scale", false)
	v.waits(`document.getElementById("sure").open`)
	v.is(`document.getElementById("number").value = "3", 0`)
	v.run(chromedp.Focus("#yes"), chromedp.KeyEvent("\r"))
	shown("worker-2", "online")
	shown("worker", "3 online")
	v.does("mailer", "Start", false)
	v.shows("#ended", "errored")
	if refused := v.is(`document.getElementById("refused").textContent`); refused != "" {
		v.t.Errorf("refused: %v", refused)
	}
	v.is(`operate("nobody", "stop"), 0`)
	v.shows("#refused", `there is no supervised program "nobody"`)
}

// TestDashboardServerRestart: the page goes on with another server at the same place, and the log
// of a program with what its new process writes.
func TestDashboardServerRestart(t *testing.T) {
	t.Parallel()
	first := superviseAt(t, keptAlive, "--admin=127.0.0.1:0")
	v := openBoard(t, first)
	v.is(rowOf)
	v.does("web", "Log", false)
	v.shows("#lines", "listening")
	pid := v.pid("web")
	first.Signal(t, syscall.SIGTERM)
	first.Wait(t)
	v.shows("#state", "the server does not answer")
	v.shows("#link", "trying again")
	superviseAt(t, keptAlive, "--admin="+first.address)
	v.shows("#state", "running")
	v.shows("#ended", "has been restarted")
	v.shows("#link", "live")
	v.shows("#lines", "may be missing above")
	v.waits(lines + `.filter(text => text === "listening").length === 2`)
	v.row("web", "online")
	if now := v.pid("web"); now == pid {
		t.Errorf("the page still shows %d", now)
	}
	v.waits(`series.get("web").cpu.length > 1`)
}

// tells sends a message to the process of a program.
func (s *managed) tells(t *testing.T, program, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(harness.Context(t), "POST", "http://"+s.address+"/api/channels/process:"+program, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if status, why := send(t, s.client, r, nil); status != http.StatusNoContent {
		t.Fatalf("%s is not told: %d %s", program, status, why)
	}
}

// TestDashboardLog: the log is searched, stays where its reader is, and text is text.
func TestDashboardLog(t *testing.T) {
	t.Parallel()
	s := superviseAt(t, keptAlive, "--admin=127.0.0.1:0")
	v := openBoard(t, s)
	v.is(rowOf)
	v.does("web", "Log", false)
	v.shows("#lines", "listening")
	const evil = `<img src=x onerror="document.title='evil'">`
	for _, text := range []string{evil, "Needle in a haystack with a needle", "hay", strings.Repeat("long ", 2000)} {
		s.tells(t, "web", text)
	}
	v.shows("#lines", "… and 5904 more")
	v.run(chromedp.SendKeys("#search", "NEEDLE", chromedp.ByQuery))
	v.shows("#matches", "1 of ")
	if got := fmt.Sprint(v.is(`[...document.querySelectorAll("#lines mark")].map(mark => mark.textContent)`)); got != "[Needle needle]" {
		t.Errorf("marked is %s", got)
	}
	v.run(chromedp.SetValue("#search", "<img", chromedp.ByQuery))
	v.is(`document.getElementById("search").dispatchEvent(new Event("input"))`)
	v.waits(lines + `.length === 1`)
	if v.is(`document.querySelectorAll("img").length`) != 0.0 || v.is(`document.title === "evil"`) == true {
		t.Error("a line became HTML")
	}
	v.run(chromedp.Focus("#search"), chromedp.KeyEvent("\x1b"))
	v.waits(`document.getElementById("search").value !== "" || document.getElementById("tail").hidden`)
}
