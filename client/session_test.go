package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestSessionOver: a session that has gone is the end, in words.
func TestSessionOver(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeSession)
	p.epoch = ""
	o, _ := quick()
	c := dial(t, address, o)
	p.set(func() { p.session = Session{} })
	p.cut(t)
	ends(t, c, "404 Not Found: there is no such session")
}

// TestSessionAgain: another Conn goes on with a session, where the first one was.
func TestSessionAgain(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeSession)
	p.epoch = ""
	first := dial(t, address, nil)
	p.say("a", "b")
	expect(t, first, 1, "a", "b")
	session, position := first.Session(), first.Position()
	first.Close()
	p.say("c")
	o, l := quick()
	o.Session, o.After = session, position
	expect(t, dial(t, address, o), 3, "c")
	if got := l.took(); got != "resumed by websocket" {
		t.Error(got)
	}
	expect(t, dial(t, address+"?session=id1", &Options{Session: Session{Secret: "secret1"}}), 1, "a", "b", "c")
	if _, err := Dial(t.Context(), address+"?session=id1", nil); err == nil || err.Error() != "403 Forbidden: this session needs its secret" {
		t.Error(err)
	}
}

// TestSessionBehindLogin: a proxy that wants a name and a password leaves no room for the
// secret of a session in the same header. The cookie has it.
func TestSessionBehindLogin(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeSession)
	p.epoch = ""
	o, _ := quick()
	c := dial(t, strings.Replace(address, "http://", "ws://me:secret@", 1), o)
	p.cut(t)
	p.say("a")
	expect(t, c, 1, "a")
}

// TestToken: each request and each handshake has a token of its own, and the session's
// secret is in the cookie then. That there is none for now is a try that has failed.
func TestToken(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeSession)
	p.epoch = ""
	o, l := quick()
	calls := 0
	o.Token = func(context.Context) (string, error) {
		if calls++; calls == 5 {
			return "", errors.New("the vault is closed")
		}
		return fmt.Sprint("t", calls), nil
	}
	c := dial(t, address, o)
	p.say("a")
	expect(t, c, 1, "a")
	p.cut(t)
	p.say("b")
	expect(t, c, 2, "b")
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, proof := range p.proofs {
		n := i + 1
		if n >= 5 {
			n++
		}
		if proof != fmt.Sprint("Bearer t", n) {
			t.Errorf("request %d has %q", i, proof)
		}
	}
	if told := l.took(); len(p.proofs) < 6 || !strings.Contains(told, "there is no token: the vault is closed") {
		t.Errorf("%q; %q", p.proofs, told)
	}
}
