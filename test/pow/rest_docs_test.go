package pow

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// TestRESTDocument: it has the five operations, and the base that there is.
func TestRESTDocument(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"/pow/", "/a/b/", "/"} {
		s := serve(t, script("cat", "cat"), "--pow="+base)
		a := newAPI(t, s, base)
		a.expect("POST", "cancel/"+a.call("cat"), "", 200, "process cancelled")
		var document struct {
			Servers []struct{ URL string }
			Paths   map[string]any
		}
		got := a.ask("GET", "openapi.json", "")
		if err := json.Unmarshal([]byte(got.body), &document); err != nil || got.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%v %v", err, got.Header)
		}
		want := []string{"/cancel/{id}", "/closeInput/{id}", "/input/{id}", "/new", "/status/{id}"}
		names := []string{}
		for name := range document.Paths {
			names = append(names, name)
		}
		slices.Sort(names)
		if !slices.Equal(names, want) || len(document.Servers) != 1 || document.Servers[0].URL != strings.TrimSuffix(base, "/") && document.Servers[0].URL != base {
			t.Errorf("%v %v", names, document.Servers)
		}
		if head := a.ask("HEAD", "openapi.json", ""); head.StatusCode != 200 || head.body != "" || head.ContentLength != int64(len(got.body)) {
			t.Errorf("HEAD: %d %d", head.StatusCode, head.ContentLength)
		}
	}
}

// TestRESTDocs: the page is led to, and needs nothing from elsewhere.
func TestRESTDocs(t *testing.T) {
	t.Parallel()
	s := serve(t, script("cat", "cat"))
	a := newAPI(t, s, "/pow/")
	for _, path := range []string{"", "docs"} {
		got := a.ask("GET", path, "")
		at, err := got.Location()
		if got.StatusCode != 302 || err != nil || at.Path != "/pow/docs/" {
			t.Errorf("%q: %d %v %v", path, got.StatusCode, at, err)
		}
	}
	page := a.ask("GET", "docs/", "")
	policy := page.Header.Get("Content-Security-Policy")
	if page.StatusCode != 200 || !strings.HasPrefix(policy, "default-src 'none'; script-src 'sha256-") || !strings.Contains(policy, "connect-src 'self'; ") {
		t.Errorf("%d %s", page.StatusCode, policy)
	}
	for what, pattern := range map[string]string{
		"an address":        `(?i)https?://|wss?://[a-z0-9]|["'(]//`,
		"a style attribute": `(?i)\sstyle\s*=\s*["']|cssText`,
		"an inline handler": `(?i)<[a-z][^<>]*\son[a-z]+\s*=`,
		"a resource":        `(?i:\ssrc\s*=)|@import|\burl\(`,
		"text as code":      `innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function`,
	} {
		if found := regexp.MustCompile(pattern).FindString(page.body); found != "" {
			t.Errorf("the page has %s: %q", what, found)
		}
	}
}

// TestRESTDocsInBrowser tries every operation from the page.
func TestRESTDocsInBrowser(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	s := serve(t, script("shout", `while read -r line; do echo "$1 $line"; done`))
	tab, _, closeWindow := browser.Window(t, chromium)
	t.Cleanup(closeWindow)
	foreign := make(chan string, 100)
	chromedp.ListenTarget(tab, func(event any) {
		if r, ok := event.(*network.EventRequestWillBeSent); ok {
			if at, err := url.Parse(r.Request.URL); err != nil || at.Host != s.Addr && at.Scheme != "data" {
				foreign <- r.Request.URL
			}
		}
	})
	ctx, cancel := harness.WithPatience(t, tab)
	defer cancel()
	run := func(actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	run(network.Enable(), chromedp.Navigate("http://"+s.Addr+"/pow"), chromedp.WaitVisible("#cancel button"))
	// send presses the button of an operation, and waits for what it shows.
	send := func(operation, want string) {
		t.Helper()
		run(chromedp.Click("#" + operation + " button"))
		expression := fmt.Sprintf(`document.querySelector("#%s .status").textContent + " " + document.querySelector("#%s .answer").textContent`, operation, operation)
		var shown string
		harness.Until(t, operation+" shows "+want, func() bool {
			run(chromedp.Evaluate(expression, &shown))
			return regexp.MustCompile(want).MatchString(shown)
		})
	}
	var example string
	run(chromedp.Value("#new textarea", &example))
	if example != `{"call":"NAME","params":[]}` { // no program that there might be
		t.Errorf("the example of a call is %s", example)
	}
	run(chromedp.SetValue("#new textarea", callOf("shout", "oh")))
	send("new", `^200 "[0-9a-f-]{36}"$`)
	send("input", `^200 input sent$`)
	send("closeInput", `^200 input closed$`)
	harness.Until(t, "the process is over", func() bool { return len(s.Children()) == 0 })
	send("cancel", `^200 process cancelled$`)
	send("status", `(?s)^200 .*"buffer": "oh hello".*"fulfilled"`)
	send("input", `^500 error copying data to process\n$`)
	run(chromedp.SetValue("#new textarea", "no call"))
	send("new", `^400 failed to decode call message\n$`)
	if len(foreign) > 0 {
		t.Errorf("the page has asked %s", <-foreign)
	}
}
