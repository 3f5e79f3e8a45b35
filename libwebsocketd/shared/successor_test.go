package shared

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
)

// TestReplace: a process takes the place of another without a gap. What the other has still
// written comes first, then a note, then what the new one had written meanwhile, and goes on.
func TestReplace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, first := newStage(t, Lifetime{Start: StartEager, History: 1000}, false)
		s.run()
		v := s.viewer("/")
		first.says <- texts("one")
		ready, replaced := make(chan struct{}), make(chan error)
		go func() {
			replaced <- s.Replace(s.Start, func() error {
				<-ready
				return nil
			}, unnoticed)
		}()
		second := <-s.programs
		var said atomic.Int64
		go func() {
			for i := range 100 {
				second.says <- texts(fmt.Sprint("new ", i))
				said.Add(1)
			}
		}()
		synctest.Wait()
		if n := said.Load(); n < 2 || n > 20 {
			t.Errorf("%d messages were taken from it, which may keep 1000 bytes", n)
		}
		first.says <- texts("two")
		close(ready)
		if err := <-replaced; err != nil {
			t.Fatal(err)
		}
		want := "1:one 2:two 3:[websocketd: restarted after signal: SIGINT]"
		for i := range 100 {
			want += fmt.Sprintf(" %d:new %d", 3+i, i)
		}
		got := next(v)
		for !strings.HasSuffix(got, ":new 99") {
			got += " " + next(v)
		}
		if got != want {
			t.Errorf("got %s", got)
		}
		go v.Send(texts("hello"))
		if got := <-second.heard; got != "hello" {
			t.Errorf("it heard %q", got)
		}
		second.end(process.Ending{})
	})
}

func unnoticed(error) {}

// TestReplaceFails: a process that never becomes ready changes nothing.
func TestReplaceFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, first := newStage(t, Lifetime{Start: StartEager}, false)
		s.run()
		v := s.viewer("/")
		never := errors.New("never ready")
		err := s.Replace(s.Start, func() error { return never }, unnoticed)
		if err != never {
			t.Error(err)
		}
		if second := <-s.programs; !closed(second.gone) {
			t.Error("it still runs")
		}
		first.says <- texts("one")
		expect(t, v, "1:one")
	})
}

// TestReplaceStopped: the hub ends while another process gets ready.
func TestReplaceStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := newStage(t, Lifetime{Start: StartEager}, false)
		s.run()
		err := s.Replace(s.Start, func() error {
			s.End()
			return nil
		}, unnoticed)
		if err != errStopped {
			t.Error(err)
		}
		if second := <-s.programs; !closed(second.gone) {
			t.Error("it still runs")
		}
	})
}

// TestAnnounce: a process that follows asks for its place in the same step in which it is known, so
// that it is not restarted itself where the one before has ended between the two.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, first := newStage(t, Lifetime{Start: StartEager}, false)
		s.run()
		second := newSuccessor(newFakeProgram(), 1000, unnoticed)
		if !s.announce(second) {
			t.Fatal("it may not follow")
		}
		<-second.placed
		if !closed(first.gone) {
			t.Error("the first one still runs")
		}
		if s.settle() {
			t.Error("the second one is to be restarted")
		}
	})
}

// TestRestartAtEnd: a restart that was asked for when the process has ended by itself is done by the
// one that follows, and is not asked of that one.
func TestRestartAtEnd(t *testing.T) {
	t.Parallel()
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			s, first := newStage(t, Lifetime{Start: StartEager, Restart: RestartNever}, false)
			first.end(process.Ending{})
			s.Restart()
			synctest.Wait()
			s.run()
			synctest.Wait()
			if len(s.programs) != 1 || s.settle() {
				t.Fatalf("%d programs were started", len(s.programs))
			}
		})
	}
}

// TestHalfWritten: a script that has ended because it was read while it was being written is
// started again, when it has been written.
func TestHalfWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "script.sh")
	script := "#!/bin/sh\necho one\nprintf '#!/bin/sh\\necho two\\nexec cat\\n' >$0.new\nmv $0.new $0\n"
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serveConfig(t, libwebsocketd.Config{Command: []string{"/bin/sh", path}, Settings: libwebsocketd.Settings{Lifetime: Lifetime{Watch: true}}})
	c := s.dial(t, "/")
	for _, want := range []string{"one", "[websocketd: restarted after exit status 0]", "two"} {
		if got := read(t, c); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}
