package access

import (
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// TestTable asks for everything with every kind of credential: who may come in gets it, and
// whose process it is; nobody else does, and for nobody else a process is started.
func TestTable(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.open(t, append(k.flags(t, h), "--allow=ann", "--auth="+k.name, "--loglevel=debug")...)
			h.refuses(t, k)
			if n := h.started(t) + len(h.Children()); n > 0 {
				t.Errorf("%d processes were started for clients that were refused", n)
			}
			want := h.admits(t, k)
			h.changes(t, k)
			h.ends(t, k, want)
		})
	}
}

// refuses asks with everything that must not be let in.
func (h *house) refuses(t *testing.T, k kind) {
	t.Helper()
	for _, f := range faces {
		h.refusesAt(t, f, k, proof{}, k.anonymous)
		for status, all := range k.refused {
			for _, p := range all {
				if f.open != shown || p.query == "" {
					h.refusesAt(t, f, k, p, status)
				}
			}
		}
		if f.open == shown {
			continue
		}
		for _, p := range k.bob {
			if f.open == called {
				h.refusesCall(t, f, p)
			} else {
				h.refusesAt(t, f, k, p, 403)
			}
		}
	}
}

func (h *house) refusesAt(t *testing.T, f face, k kind, p proof, status int) {
	t.Helper()
	if f.open == public && status != 0 {
		status = f.status
	}
	a := h.ask(t, f.request, p)
	if a.status != status || (status == 401) != (a.header.Get("WWW-Authenticate") != "") {
		t.Errorf("%s with %+v: %d %v %s, expected %d", f.name, p, a.status, a.header, a.body, status)
	}
}

// refusesCall asks with a proof that lets in, but not to the program that is called.
func (h *house) refusesCall(t *testing.T, f face, p proof) {
	t.Helper()
	a := h.ask(t, f.request, p)
	if a.status != f.status || f.starts == own && !strings.HasPrefix(a.body, `{"status":"rejected","reason":"failed to get process: authorization denied`) {
		t.Errorf("%s with %+v: %d %s, expected %d and no process", f.name, p, a.status, a.body, f.status)
	}
}

// admits asks with ann's proofs, and returns how many processes were started for her.
func (h *house) admits(t *testing.T, k kind) (started int) {
	t.Helper()
	shared := false
	for _, p := range ways(k) {
		for _, f := range faces {
			if f.open == shown && (p.ticket || p.cookie) {
				continue
			}
			want := f.status
			if f.name == "login" && k.unasked {
				want = 403
			}
			a := h.ask(t, f.request, p)
			if a.status != want {
				t.Errorf("%s with %+v: %d %s, expected %d", f.name, p, a.status, a.body, want)
				continue
			}
			if f.open == called && f.starts == own && !strings.HasPrefix(a.body, "Content-Type: text/plain") {
				t.Errorf("%s with %+v gets %q", f.name, p, a.body)
			}
			if told := a.header.Get("Sec-WebSocket-Protocol"); strings.Contains(told, "bearer") {
				t.Errorf("%s with %+v: %q is confirmed", f.name, p, told)
			}
			if f.starts == own || f.starts == common && !shared {
				started++
				shared = shared || f.starts == common
			}
		}
	}
	harness.Reaches(t, "processes", started, func() int { return h.started(t) })
	return started
}

// ways returns every way in which ann may show who she is.
func ways(k kind) []proof {
	all := slices.Clone(k.ann)
	ticket, cookie := k.ann[0], k.ann[0]
	if ticket.ticket = true; k.unasked {
		return append(all, ticket)
	}
	cookie.cookie = true
	return append(all, ticket, cookie)
}

// changes changes the file while the server runs, and then breaks it.
func (h *house) changes(t *testing.T, k kind) {
	t.Helper()
	if k.change == nil {
		return
	}
	old := slices.Clone(k.ann)
	if !k.unasked {
		old = append(old, line("Cookie: "+h.cookie(t, k.ann[0])))
	}
	fresh, document := k.change(t, h), accepting("/own?state", document)
	harness.Until(t, "the new proof is right", func() bool { return h.ask(t, document, fresh).status == 200 })
	for _, p := range old {
		if a := h.ask(t, document, p); a.status != k.anonymous {
			t.Errorf("with %+v after the change: %d %s", p, a.status, a.body)
		}
	}
	if k.file == "" {
		return
	}
	h.write(t, k.file, "?\n")
	harness.Until(t, "the broken file is told of", func() bool {
		if a := h.ask(t, document, fresh); a.status != 200 {
			t.Fatalf("with a broken file: %d %s", a.status, a.body)
		}
		return len(h.Out.With("ERROR", k.file, "cannot be used")) > 0
	})
	if a := h.ask(t, document, k.ann[0]); a.status != k.anonymous {
		t.Errorf("a broken file brings back what was before: %d %s", a.status, a.body)
	}
}

// ends ends the server. Exactly so many processes have run, each knew whose it is, and
// none of them, nor the log, what proved it.
func (h *house) ends(t *testing.T, k kind, started int) {
	t.Helper()
	h.Signal(t, 15)
	if status := h.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	environments := h.environments(t)
	if len(environments) != started {
		t.Errorf("%d processes were started, expected %d", len(environments), started)
	}
	anns := 0
	for _, env := range environments {
		if strings.Contains(env, "REMOTE_USER=ann\n") && strings.Contains(env, "AUTH_TYPE="+k.authType+"\n") {
			anns++
		}
	}
	if anns != started-1 { // the shared one is nobody's
		t.Errorf("%d of %d processes know that they are ann's\n%s", anns, started, strings.Join(environments, "\n"))
	}
	if len(h.Out.With("user:'ann'")) < anns {
		t.Errorf("the log does not say who came:\n%s", h.Out)
	}
	for where, text := range h.written(t) {
		h.hides(t, where, text, secretsOf(k))
	}
}
