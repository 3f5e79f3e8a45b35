package docs

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// TestPages: the pages that the manual shows do in a browser what it says of them. Each is
// served by the command below it.
func TestPages(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	for _, name := range []string{"README.md", "doc/sessions.md"} {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".md"), func(t *testing.T) {
			s, address := servePage(t, name)
			tab, _, closeWindow := browser.Window(t, chromium)
			defer closeWindow()
			if err := chromedp.Run(tab, chromedp.Navigate("http://"+address.Addr)); err != nil { // the tab is as old as this context
				t.Fatal(err)
			}
			w := &window{t: t, tab: tab}
			if name == "README.md" {
				w.staysTheSame(s)
			} else {
				w.goesOn(s, address)
			}
		})
	}
}

// servePage serves the first page that the manual's page shows, behind a proxy.
func servePage(t *testing.T, name string) (*harness.Server, *harness.Proxy) {
	t.Helper()
	s, file := newSession(t), ""
	for _, b := range read(t, name).blocks {
		switch {
		case strings.HasSuffix(b.file(), ".html"):
			file = b.file()
			s.write(t, b)
		case file != "" && b.language == "" && strings.HasPrefix(b.lines[0], "websocketd "):
			for _, tool := range []string{"vmstat"} {
				if strings.Contains(b.lines[0], tool) {
					harness.Need(t, tool)
				}
			}
			port := harness.FreePort(t)
			args := s.arguments(t, strings.ReplaceAll(b.lines[0], "8080", itoa(port)))
			server := harness.Options{Bin: harness.Binary(t), Args: args, Bare: true, Port: port, Dir: s.dir}.Start(t)
			return server, harness.NewProxy(t, server.Addr)
		}
	}
	t.Fatalf("%s has no page with a command below it", name)
	return nil, nil
}

// window is one of the browser, with a page that writes to an element of the id out.
type window struct {
	t   *testing.T
	tab context.Context
}

func (w *window) run(actions ...chromedp.Action) {
	w.t.Helper()
	ctx, cancel := harness.WithPatience(w.t, w.tab)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		w.t.Fatal(err)
	}
}

// shows waits until the page shows a text, and returns all that it shows.
func (w *window) shows(text string) (all string) {
	w.t.Helper()
	harness.Until(w.t, "the page shows "+text, func() bool {
		w.run(chromedp.Evaluate(`document.getElementById("out").textContent`, &all))
		return strings.Contains(all, text)
	})
	return all
}

// says sends a line by the page's form.
func (w *window) says(line string) {
	w.t.Helper()
	w.run(chromedp.SendKeys("#line", line+"\r", chromedp.ByID))
}

// staysTheSame reloads the page, which shows the same process.
func (w *window) staysTheSame(s *harness.Server) {
	w.t.Helper()
	before := w.shows("\n")
	w.run(chromedp.Reload())
	after := w.shows(before)
	if started := s.Out.With("| START"); len(started) != 1 || !strings.HasPrefix(after, before) {
		w.t.Errorf("started: %q; the page showed\n%s\nthen\n%s", started, before, after)
	}
}

// connected waits until the page can send: what is typed before is lost.
func (w *window) connected() {
	w.t.Helper()
	open := false
	harness.Until(w.t, "the page is connected", func() bool {
		w.run(chromedp.Evaluate(`connection.state === "open"`, &open))
		return open
	})
}

// goesOn cuts the connection of the page and reloads it: nothing is missed, nothing comes
// twice, and it is the same process.
func (w *window) goesOn(s *harness.Server, proxy *harness.Proxy) {
	w.t.Helper()
	w.connected()
	w.says("a")
	w.shows("1: a\n")
	proxy.After(0, harness.Reset)
	w.says("b")
	w.shows("1: a\n2: b\n")
	if len(s.Out.With("%3A1&notes=no", "| CONNECT")) != 1 {
		w.t.Errorf("the page has not come back:\n%s", s.Out)
	}
	w.run(chromedp.Reload())
	w.shows("1: a\n2: b\n")
	w.connected()
	w.says("c")
	if all := w.shows("3: c\n"); all != "1: a\n2: b\n3: c\n" {
		w.t.Errorf("the page shows %q", all)
	}
}
