//go:build unix

package stdio

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/process"
)

// TestPauseShows: what a Tap is shown line by line is shown to the end of what was read, before another
// server goes on: that knows of no part of a line.
func TestPauseShows(t *testing.T) {
	t.Parallel()
	s := &shown{}
	p := start(t, Options{Framing: FramingRaw, Tap: s}, `printf 'line\npart'; read -r line`)
	for heard := ""; heard != "line\npart"; {
		batch, err := p.Receive()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range batch {
			heard += string(m.Data)
		}
	}
	p.Pause()
	if _, err := p.Receive(); err != ErrPaused {
		t.Fatal(err)
	}
	p.Rest()
	if got := strings.Join(s.lines, "|"); got != "line|part" {
		t.Errorf("the tap is shown %q", got)
	}
	p.Resume()
	p.CloseSend(nil)
	for err := error(nil); err == nil; {
		_, err = p.Receive()
	}
	p.Close()
	s.mustBe(t, "line|part", "exit status 1", false)
}

// TestPauseBeforeStderr: a reader of standard error that comes to its pipe only after Pause waits for
// nothing: the upgrade would stand still for ever.
func TestPauseBeforeStderr(t *testing.T) {
	t.Parallel()
	p := start(t, Options{}, `read -r line; echo error >&2`)
	p.Pause()
	p.mu.Lock()
	p.logged = true
	p.reading.Go(p.logLines) // as logStderr does a moment before
	p.mu.Unlock()
	if rest := p.Rest(); len(rest.Stderr) > 0 {
		t.Errorf("%q has been read", rest.Stderr)
	}
	p.Resume()
	if err := p.Send(bridgetest.Say("go")); err != nil {
		t.Fatal(err)
	}
	for err := error(nil); err == nil; {
		_, err = p.Receive()
	}
	p.Close()
}

// TestPause: a program that is paused again and again loses nothing that it reads or writes, also
// where both of its streams are sent.
func TestPause(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{}, {Tagged: true}, {Binary: true}, {Framing: FramingRaw}} {
		p := start(t, o, `printf begin; while read -r line; do echo " heard $line"; echo "error $line" >&2; printf "open $line"; done`)
		var heard strings.Builder
		for n := range 5 {
			say := []bridge.Message{{Kind: bridge.Text, Data: fmt.Append(nil, n)}}
			if o.Binary || o.Framing == FramingRaw {
				say[0] = bridge.Message{Kind: bridge.Verbatim, Data: fmt.Appendf(nil, "%d\n", n)}
			}
			if err := p.Send(say); err != nil {
				t.Fatal(err)
			}
			p.Pause()
			p.Send(say) // is kept
			for {
				batch, err := p.Receive()
				if err == ErrPaused {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range batch {
					heard.Write(m.Data)
				}
			}
			rest := p.Rest()
			if want := fmt.Sprintf("%d\n", n); string(rest.Stdin) != want {
				t.Errorf("%+v: %q is kept, want %q", o, rest.Stdin, want)
			}
			p.Resume()
			if err := p.Send([]bridge.Message{{Kind: bridge.Verbatim, Data: rest.Stdin}}); err != nil {
				t.Fatal(err)
			}
		}
		p.CloseSend(nil)
		for {
			batch, err := p.Receive()
			if err != nil {
				break
			}
			for _, m := range batch {
				heard.Write(m.Data)
			}
		}
		for n := range 5 {
			if got := strings.Count(heard.String(), fmt.Sprintf("heard %d", n)); got != 2 {
				t.Errorf("%+v: %d is heard %d times in %q", o, n, got, heard.String())
			}
			if got := strings.Count(heard.String(), fmt.Sprintf("error %d", n)); o.Tagged && got != 2 {
				t.Errorf("error %d comes %d times in %q", n, got, heard.String())
			}
		}
		p.Close()
	}
}

// TestPauseAfterOutput: who waits for the exit of a program that has closed its output is told of Pause,
// too, and waits again after Resume.
func TestPauseAfterOutput(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{}, {Tagged: true}, {Binary: true}, {Framing: FramingRaw}, {Framing: FramingLSP}} {
		p := start(t, o, `exec >&- 2>&-; read -r line; exit 3`)
		received := make(chan error, 1)
		receive := func() {
			_, err := p.Receive()
			received <- err
		}
		for range 2 {
			go receive()
			testkit.Eventually(t, "it waits for the exit", func() bool {
				p.mu.Lock()
				defer p.mu.Unlock()
				return p.halt != nil
			})
			p.Pause()
			if err := <-received; err != ErrPaused {
				t.Errorf("%+v: %v", o, err)
			}
			if _, err := p.Receive(); err != ErrPaused {
				t.Errorf("%+v: when asked again: %v", o, err)
			}
			p.Rest()
			p.Resume()
		}
		go receive()
		p.CloseSend(nil)
		var ended *bridge.EndedError
		if err := <-received; !errors.As(err, &ended) || ended.Code != 3 {
			t.Errorf("%+v: it ends with %v", o, err)
		}
		p.Close()
	}
}

// TestPauseClosing: a program that is being ended is not paused: Close waits until Receive has returned
// the end, and nobody would call it.
func TestPauseClosing(t *testing.T) {
	t.Parallel()
	p := start(t, Options{}, `trap '' TERM; echo ready; while :; do sleep 0.01; done`)
	if _, err := p.Receive(); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 2)
	go func() {
		closed <- p.CloseBy(process.Ladder{{Do: process.Terminate, Wait: time.Minute}, {Do: process.Kill}})
	}()
	testkit.Eventually(t, "it is being ended", func() bool {
		_, asked := p.proc.Asked()
		return asked
	})
	if p.Pause() {
		t.Error("it is paused")
		p.Resume()
	}
	go func() { closed <- p.CloseBy(process.KillNow) }()
	if _, err := p.all(t, bridge.Text); err == ErrPaused {
		t.Error(err)
	}
	for range 2 {
		if err := <-closed; err != nil {
			t.Error(err)
		}
	}
}

// TestClosePaused: a program that is paused is not ended before it goes on, nor here when it goes on in
// another server.
func TestClosePaused(t *testing.T) {
	t.Parallel()
	for _, lent := range []bool{false, true} {
		p := start(t, Options{}, `read -r line`)
		if !p.Pause() {
			t.Fatal("it is not paused")
		}
		if _, err := p.Receive(); err != ErrPaused {
			t.Fatal(err)
		}
		ends := []func() error{p.Close, func() error { return p.CloseBy(process.KillNow) }}
		closed := make(chan error, len(ends))
		for _, end := range ends {
			go func() { closed <- end() }()
		}
		select {
		case <-p.Exited():
			t.Error("it was ended while it was paused")
		case <-time.After(50 * time.Millisecond): // nothing tells that they wait
		}
		if lent {
			testkit.Within(t, testkit.Patience, "it is lent", func() {
				loan, _ := p.Lend(launcher)
				defer loan.Kill()
				for range ends {
					<-closed
				}
				if action, asked := p.proc.Asked(); asked {
					t.Errorf("it was asked to end: %v", action)
				}
			})
			continue
		}
		p.Resume()
		p.all(t, bridge.Text)
		for range ends {
			if err := <-closed; err != nil {
				t.Error(err)
			}
		}
	}
}
