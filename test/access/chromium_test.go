package access

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// asking is how a page sends the requests of a list: it resolves to their statuses. Of a
// WebSocket, and of an EventSource, a page knows no more than whether it was opened.
const asking = `(async requests => {
	const ask = r => new Promise(done => {
		const opened = (s, status) => { s.onopen = () => { s.close(); done(status); }; s.onclose = s.onerror = () => { s.close(); done(0); }; };
		if (r.how === "socket") return opened(new WebSocket(location.origin.replace("http", "ws") + r.url, r.protocols ?? []), 101);
		if (r.how === "events") return opened(new EventSource(r.url), 200);
		const cut = new AbortController();
		fetch(r.url, {method: r.method, headers: r.headers, body: r.body || null, credentials: r.credentials, signal: cut.signal})
			.then(a => { done(a.status); cut.abort(); }, () => done(-1));
	});
	const got = [];
	for (const r of requests) got.push(await ask(r));
	return got;
})(%s)`

// asked is a request as a page sends it.
type asked struct {
	How         string            `json:"how"` // socket, events or fetch
	URL         string            `json:"url"`
	Method      string            `json:"method"`
	Headers     map[string]string `json:"headers,omitempty"`
	Body        string            `json:"body,omitempty"`
	Protocols   []string          `json:"protocols,omitempty"`
	Credentials string            `json:"credentials"` // omit where it shows some by itself
}

// byPage returns the request of a face with a proof, as a page sends it, and whether one can.
func byPage(r harness.Request, p proof) (a asked, can bool) {
	r = p.on(r)
	a = asked{How: "fetch", URL: r.Target, Method: r.Method, Body: r.Body, Credentials: "same-origin", Headers: map[string]string{}}
	for _, line := range r.Lines {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "Host", "Connection", "Content-Length", "Sec-WebSocket-Key", "Sec-WebSocket-Version": // a browser knows
		case "Upgrade":
			a.How = "socket"
		case "Sec-WebSocket-Protocol":
			a.Protocols = append(a.Protocols, value)
		case "Accept", "Content-Type":
			a.Headers[name] = value
		case "Authorization":
			a.Headers[name], a.Credentials = value, "omit"
		default:
			return a, false
		}
	}
	if a.Protocols != nil {
		a.Protocols = append(a.Protocols, "websocketd")
	}
	shown := a.Headers["Authorization"] != ""
	if a.How == "fetch" && a.Headers["Accept"] == events && !shown {
		a.How = "events"
	}
	return a, a.How == "fetch" && a.Protocols == nil || a.How == "socket" && !shown || a.How == "events"
}

// status returns what a page sees of an answer with a status.
func (a asked) status(status int) int {
	if a.How == "socket" && status != http.StatusSwitchingProtocols || a.How == "events" && status != http.StatusOK {
		return 0
	}
	return status
}

// visitor is a page of a house, behind a front.
type visitor struct {
	*house
	*front
	t    *testing.T
	k    kind
	page context.Context
}

// expect is a case of the table: what is shown to a face, and the status of the answer. There
// may be more than one way to show it, of which the first is taken that a page has.
type expect func(f face) (ways []proof, status int)

// sees asks for everything that a page can ask for, in one way, and compares.
func (v *visitor) sees(what string, expect expect) {
	v.t.Helper()
	var requests []asked
	var rows []face
	var want []int
	for _, f := range faces {
		ways, status := expect(f)
		for _, p := range ways {
			a, can := byPage(f.request, v.front.show(v.k, p))
			if !can {
				continue
			}
			requests, rows, want = append(requests, a), append(rows, f), append(want, a.status(status))
			break
		}
	}
	if len(requests) < len(faces)/2 {
		v.t.Errorf("%s: a page has asked for %d things only", what, len(requests))
	}
	for i, got := range v.ask(requests) {
		if got != want[i] {
			v.t.Errorf("%s, %s by %s: %d, expected %d", what, rows[i].name, requests[i].How, got, want[i])
		}
	}
}

// show has the front show a proof, if that is for it to show, and returns what is left for the page.
func (f *front) show(k kind, p proof) proof {
	if !k.unasked {
		return p
	}
	f.shows.Store(&p)
	return proof{}
}

// ask sends requests, and returns the statuses of the answers.
func (v *visitor) ask(requests []asked) (statuses []int) {
	v.t.Helper()
	list, err := json.Marshal(requests)
	if err != nil {
		v.t.Fatal(err)
	}
	ctx, cancel := harness.WithPatience(v.t, v.page)
	defer cancel()
	awaited := func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
	if err := chromedp.Run(ctx, chromedp.Evaluate(fmt.Sprintf(asking, list), &statuses, awaited)); err != nil {
		v.t.Fatalf("the browser: %v", err)
	}
	return statuses
}

// one asks for one thing.
func (v *visitor) one(r harness.Request, p proof) int {
	v.t.Helper()
	a, can := byPage(r, v.front.show(v.k, p))
	if !can {
		v.t.Fatalf("a page cannot ask for %s with %+v", r.Target, p)
	}
	return v.ask([]asked{a})[0]
}

// logIn has the browser log in, and keep the cookie.
func (v *visitor) logIn(p proof) {
	v.t.Helper()
	a, _ := byPage(posting("/.websocketd/login"), p)
	a.Credentials = "same-origin"
	if got := v.ask([]asked{a})[0]; got != http.StatusNoContent {
		v.t.Fatalf("the login is answered %d", got)
	}
}

// TestTableInChromium is TestTable by a page in a browser: it shows each kind of credential to
// everything it can ask for, by WebSocket, EventSource and fetch. What only a proxy, or the
// browser's own store of certificates, can show is shown by the front.
func TestTableInChromium(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.open(t, append(k.flags(t, h), "--allow=ann", "--auth="+k.name)...)
			v := &visitor{house: h, front: newFront(t, h), t: t, k: k}
			page, _, closeWindow := browser.Window(t, chromium)
			t.Cleanup(closeWindow)
			if err := chromedp.Run(page, chromedp.Navigate(v.place+blankPath)); err != nil {
				t.Fatal(err)
			}
			if k.authType == "Basic" {
				cancelPrompts(t, page)
			}
			v.page = page
			v.opensSome()
			v.isRefused()
			if n := h.started(t) + len(h.Children()); n > 0 {
				t.Errorf("%d processes were started for a page that was refused", n)
			}
			v.isLetIn()
			v.seesChange()
		})
	}
}

// cancelPrompts is the user who does not know the password that the browser asks for.
func cancelPrompts(t *testing.T, page context.Context) {
	t.Helper()
	chromedp.ListenTarget(page, func(event any) {
		switch e := event.(type) {
		case *fetch.EventRequestPaused:
			go chromedp.Run(page, fetch.ContinueRequest(e.RequestID))
		case *fetch.EventAuthRequired:
			go chromedp.Run(page, fetch.ContinueWithAuth(e.RequestID, &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth}))
		}
	})
	if err := chromedp.Run(page, fetch.Enable().WithHandleAuthRequests(true)); err != nil {
		t.Fatal(err)
	}
}

// opensSome opens WebSockets of the front. A browser holds back a page of whose WebSockets most
// have failed.
func (v *visitor) opensSome() {
	v.t.Helper()
	a, _ := byPage(harness.Handshake(blankPath), proof{})
	for i, got := range v.ask(slices.Repeat([]asked{a}, 16)) {
		if got != http.StatusSwitchingProtocols {
			v.t.Errorf("WebSocket %d of the front: %d", i, got)
		}
	}
}

// isRefused asks with nothing, with what is wrong, with what cannot be read, and as bob.
func (v *visitor) isRefused() {
	v.t.Helper()
	refused := func(ways []proof, status int) expect {
		if status == 0 {
			status = http.StatusBadGateway // the front has no answer either
		}
		return func(f face) ([]proof, int) {
			switch {
			case f.open == public && v.k.name != "certificate":
				return ways, f.status
			case f.open == shown:
				return withoutQuery(ways), status
			}
			return ways, status
		}
	}
	v.sees("without a proof", refused([]proof{{}}, v.k.anonymous))
	for status, all := range v.k.refused {
		v.sees(fmt.Sprintf("with what is answered %d", status), refused(single(all), status))
	}
	v.sees("as bob", func(f face) ([]proof, int) {
		switch f.open {
		case shown:
			return nil, 0
		case called, public:
			return v.k.bob, f.status
		}
		return v.k.bob, http.StatusForbidden
	})
}

// withoutQuery returns the proofs that stand in no URL.
func withoutQuery(all []proof) []proof {
	return slices.DeleteFunc(slices.Clone(all), func(p proof) bool { return p.query != "" })
}

// single returns the proofs of one line: fetch makes one of two.
func single(all []proof) (some []proof) {
	for _, p := range all {
		if len(p.lines) < 2 || strings.HasPrefix(p.lines[0], "X-") {
			some = append(some, p)
		}
	}
	return some
}

// isLetIn asks as ann, by what the page shows and by a login.
func (v *visitor) isLetIn() {
	v.t.Helper()
	v.sees("as ann", func(f face) ([]proof, int) {
		if f.name == "login" && v.k.unasked {
			return v.k.ann, http.StatusForbidden
		}
		return v.k.ann, f.status
	})
	if v.k.unasked {
		return
	}
	v.logIn(v.k.ann[0])
	v.sees("with a login", func(f face) ([]proof, int) {
		if f.open == shown {
			return nil, 0
		}
		return []proof{{}}, f.status
	})
}

// seesChange changes the file: what the page has, and its login, are over.
func (v *visitor) seesChange() {
	v.t.Helper()
	if v.k.change == nil {
		return
	}
	if !v.k.unasked {
		v.logIn(v.k.ann[0])
	}
	fresh, state := v.k.change(v.t, v.house), accepting("/own?state", document)
	harness.Until(v.t, "the new proof is right", func() bool { return v.one(state, fresh) == http.StatusOK })
	want := v.k.anonymous
	if want == 0 {
		want = http.StatusBadGateway
	}
	if got := v.one(state, v.k.ann[0]); got != want {
		v.t.Errorf("with the old proof: %d, expected %d", got, want)
	}
	if got := v.one(state, proof{}); got != want {
		v.t.Errorf("with the old login, or none: %d, expected %d", got, want)
	}
}
