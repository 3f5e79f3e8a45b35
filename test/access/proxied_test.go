package access

import (
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// TestHeaderOfAStranger: the header that names a user proves nothing from anyone but a
// trusted proxy, whatever else is forged, and reaches no program from anywhere.
func TestHeaderOfAStranger(t *testing.T) {
	t.Parallel()
	forged := harness.Handshake("/").Add("X-Remote-User", "ann").Add("X-Forwarded-For", "10.0.0.1").Add("Forwarded", "for=10.0.0.1").Add("X-Real-IP", "10.0.0.1")
	strict := harness.Start(t, harness.Binary(t), "--trustproxy=10.0.0.1,unix", "--authheader=X-Remote-User", "env")
	for _, r := range []harness.Request{forged, forged.Add("X-Remote-User", "ann"), forged.With("X-Remote-User", "")} {
		if c := strict.Ask(t, r); c.Status() != 403 || c.Header("WWW-Authenticate") != "" {
			t.Errorf("%v: %d %s", r.Lines, c.Status(), c.Body)
		}
	}
	open := harness.Start(t, harness.Binary(t), "--trustproxy=10.0.0.1", "--authheader=X-Remote-User", "--auth=none", "env")
	env := open.Environment(t, forged)
	if _, seen := env["HTTP_X_REMOTE_USER"]; seen || env["REMOTE_USER"] != "" || env["REMOTE_ADDR"] != "127.0.0.1" || env["HTTP_X_REAL_IP"] != "10.0.0.1" {
		t.Errorf("the environment of a stranger's process: %v", env)
	}
}

// TestHeaderTwice: a request for which two users are named is none that can be read, whatever
// else it shows.
func TestHeaderTwice(t *testing.T) {
	t.Parallel()
	tokens := filepath.Join(t.TempDir(), "tokens")
	harness.WriteFile(t, tokens, "bob:0123456789abcdef\n", 0o600)
	twice := harness.Handshake("/").Add("X-Remote-User", "ann").Add("X-Remote-User", "bob").Add("Authorization", "Bearer 0123456789abcdef")
	for auth, status := range map[string]int{"": 400, "--auth=token,header": 400, "--auth=token": 101} {
		args := []string{"--trustproxy=127.0.0.1,::1", "--authheader=X-Remote-User", "--tokenfile=" + tokens}
		if auth != "" {
			args = append(args, auth)
		}
		s := harness.Start(t, harness.Binary(t), append(args, "cat")...)
		if c := s.Ask(t, twice); c.Status() != status {
			t.Errorf("%q: %d %s, expected %d", auth, c.Status(), c.Body, status)
		}
	}
}

// TestHeaderAtUnixSocket: the proxy at the unix socket is trusted by the word for it.
func TestHeaderAtUnixSocket(t *testing.T) {
	t.Parallel()
	for trust, status := range map[string]int{"unix": 101, "0.0.0.0/0,::/0": 403} {
		s := harness.Options{Bin: harness.Binary(t), Unix: filepath.Join(t.TempDir(), "s"),
			Args: []string{"--trustproxy=" + trust, "--authheader=X-Remote-User", "cat"}}.Start(t)
		if c := s.Ask(t, harness.Handshake("/").Add("X-Remote-User", "ann")); c.Status() != status {
			t.Errorf("--trustproxy=%s: %d %s", trust, c.Status(), c.Body)
		}
	}
}

// TestHeaderBeforeCookie: what the proxy says now counts, and not who has logged in before with
// the same browser.
func TestHeaderBeforeCookie(t *testing.T) {
	t.Parallel()
	header, token := kindOf("header"), kindOf("token")
	h := newHouse(t)
	h.open(t, append(append(header.flags(t, h), token.flags(t, h)...), "--allow=ann")...)
	login := "Cookie: " + h.cookie(t, token.ann[0])
	for header, status := range map[string]int{"X-Remote-User: bob": 403, "X-Remote-User: ann": 200, "X-Remote-User: ": 200} {
		if a := h.send(t, accepting("/own?state", document), proof{lines: []string{login, header}}); a.status != status {
			t.Errorf("%s: %d %s, expected %d", header, a.status, a.body, status)
		}
	}
	if a := h.send(t, accepting("/own?state", document), proof{lines: []string{login, "X-Remote-User: ann", "X-Remote-User: bob"}}); a.status != 400 {
		t.Errorf("twice: %d %s", a.status, a.body)
	}
}

// TestHeaderBeginsNoLogin: what the proxy said once does not count when it says something else.
func TestHeaderBeginsNoLogin(t *testing.T) {
	t.Parallel()
	k := kindOf("header")
	h := newHouse(t)
	h.open(t, k.flags(t, h)...)
	if told := h.send(t, posting("/.websocketd/ticket"), k.ann[0]); told.status != 200 || strings.Contains(told.body, "login") {
		t.Errorf("the answer with a ticket: %+v", told)
	}
	for target, p := range map[string]proof{"/.websocketd/login": k.ann[0], "/.websocketd/login?token=" + h.ticket(t, k.ann[0]): {}} {
		r := posting(target)
		if len(p.lines) == 0 {
			r = harness.Get(target)
		}
		if a := h.send(t, r, p); a.status != 403 || a.header.Get("Set-Cookie") != "" || !strings.Contains(a.body, "begins no login") {
			t.Errorf("%s: %+v", target, a)
		}
	}
}
