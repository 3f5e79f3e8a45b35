//go:build unix

package libwebsocketd

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// mustEndBy receives to the end, which must be that of the program itself, and
// come neither sooner than least nor later than limit.
func (p *program) mustEndBy(t *testing.T, least, limit time.Duration) (said []string) {
	t.Helper()
	began := time.Now()
	type result struct {
		said []string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		said, err := p.all(t, Text)
		done <- result{said, err}
	}()
	select {
	case r := <-done:
		var ended *EndedError
		if !errors.As(r.err, &ended) || ended.Code != 3 {
			t.Errorf("it ends with %v", r.err)
		}
		if took := time.Since(began); took < least {
			t.Errorf("those left behind had only %s", took)
		}
		return r.said
	case <-time.After(limit):
		t.Errorf("those left behind hold the conversation for more than %s", limit)
		p.proc.Reap() // ends them
		<-done
		return nil
	}
}

// TestSilentLeftBehind: a background child that holds the output open and says
// nothing is given a moment of quiet.
func TestSilentLeftBehind(t *testing.T) {
	t.Parallel()
	p := start(t, Config{}, "echo one; sleep 600 & printf two; exit 3")
	if said := strings.Join(p.mustEndBy(t, quiet, patience), "|"); said != "one|two" {
		t.Errorf("it said %q", said)
	}
}

// TestSlowLastWords: one that speaks within the moment of quiet is heard.
func TestSlowLastWords(t *testing.T) {
	t.Parallel()
	p := start(t, Config{}, "(sleep 0.05; echo late) & echo one; exit 3")
	if said := strings.Join(p.mustEndBy(t, 0, patience), "|"); said != "one|late" {
		t.Errorf("it said %q", said)
	}
}

// TestLoudLeftBehind: one that floods the pipe is cut short.
func TestLoudLeftBehind(t *testing.T) {
	t.Parallel()
	p := start(t, Config{}, "echo one; yes & exit 3")
	if said := p.mustEndBy(t, talk, patience); len(said) == 0 || said[0] != "one" {
		t.Errorf("it said %d lines", len(said))
	}
}

// TestChattyLeftBehind: one that says a little all the time is cut short as well.
func TestChattyLeftBehind(t *testing.T) {
	t.Parallel()
	p := start(t, Config{}, "echo one; (while :; do echo chat; sleep 0.05; done) & exit 3")
	if said := p.mustEndBy(t, talk, 4*talk); len(said) == 0 || said[0] != "one" {
		t.Errorf("it said %q", said)
	}
}

// TestChattyStderrLeftBehind holds up neither Receive nor Close.
func TestChattyStderrLeftBehind(t *testing.T) {
	t.Parallel()
	p := start(t, Config{}, "(exec >&-; while :; do echo chat >&2; sleep 0.05; done) & exit 3")
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		<-p.proc.Exited()
		p.Close() // nobody has received
	}()
	select {
	case <-closed:
	case <-time.After(4 * talk):
		t.Errorf("those left behind hold Close for more than %s", 4*talk)
		p.proc.Reap()
		<-closed
	}
}

// TestOwnWordsAreWhole: what the program itself wrote before its exit is read to
// the end by a reader that is slower than any quiet.
func TestOwnWordsAreWhole(t *testing.T) {
	t.Parallel()
	p := start(t, Config{}, "head -c 60000 /dev/zero | tr '\\0' '\\n'; sleep 600 & printf end; exit 3")
	<-p.proc.Exited()
	<-time.After(2 * quiet) // a client that takes nothing meanwhile
	said := p.mustEndBy(t, quiet, patience)
	if len(said) != 60001 || said[60000] != "end" {
		t.Errorf("%d lines arrived, want 60001", len(said))
	}
}
