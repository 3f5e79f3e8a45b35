package poll

import (
	"encoding/base64"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// The first event arrives while the program runs, and every event has its number.
func TestEventsAreLive(t *testing.T) {
	t.Parallel()
	wait := filepath.Join(t.TempDir(), "go")
	s := start(t, "sh", "-c", "echo first; while [ ! -e '"+wait+"' ]; do sleep 0.02; done; echo last; exit 3")
	a := events(t, s)
	if line, err := a.r.ReadString('\n'); line != ":\n" {
		t.Errorf("the stream begins with %q, %v: what says nothing is a comment, without a blank line behind it", line, err)
	}
	first := a.expect("", "first")
	epoch, ok := strings.CutSuffix(first.id, ":1")
	if !ok || len(epoch) < 16 {
		t.Errorf("the stream begins with %+v", first)
	}
	touch(t, wait)
	last := a.expect("", "last")
	if first.id != epoch+":1" || last.id != epoch+":2" {
		t.Errorf("%+v, %+v", first, last)
	}
	a.ends(4003, "exit status 3")
	if other, _ := events(t, s).next(); strings.HasPrefix(other.id, epoch) {
		t.Error("two processes count in one epoch")
	}
}

func TestEventsEndings(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"exit 0":        `{"code":1000,"reason":"exit status 0"}`,
		"exit 255":      `{"code":4255,"reason":"exit status 255"}`,
		"kill -KILL $$": `{"code":4137,"reason":"signal: SIGKILL"}`,
		"printf last":   `{"code":1000,"reason":"exit status 0"}`,
	} {
		a := events(t, start(t, "sh", "-c", script))
		if script == "printf last" {
			a.expect("", "last")
		}
		if e, _ := a.next(); e.kind != "end" || e.data != want {
			t.Errorf("%s: %+v, expected %s", script, e, want)
		}
	}
}

// The program has nothing to read, but for its request.
func TestEventsInput(t *testing.T) {
	t.Parallel()
	a := events(t, start(t, "sh", "-c", "cat; echo over"))
	if got := a.all(); len(got) != 1 || got[0] != "over" {
		t.Errorf("%q", got)
	}
	s := start(t, "--prefork=1", "--preforkrequest", "cat")
	if got := events(t, s).all(); len(got) != 1 || !strings.Contains(got[0], `"REQUEST_METHOD":"GET"`) {
		t.Errorf("%q", got)
	}
}

// Every framing has its form.
func TestEventsFramings(t *testing.T) {
	t.Parallel()
	length := func(s string) string { return fmt.Sprintf(`\0\0\0\%o%s`, len(s), s) }
	for name, test := range map[string]struct {
		flags  []string
		prints string // by printf(1)
		want   string
	}{
		"line":   {nil, `a\n\nb\rc\n  d`, `a||json "b\rc"|  d`},
		"raw":    {[]string{"--framing=raw"}, `a\nb`, "a\nb"},
		"null":   {[]string{"--framing=null"}, `a\nb\0\0c\r\0`, "a\nb|" + `|json "c\r"`},
		"length": {[]string{"--framing=length"}, length("a") + length("b"), "base64 YQ==|base64 Yg=="},
		"lsp":    {[]string{"--framing=lsp"}, `Content-Length: 2\r\n\r\n{}`, "{}"},
		"ndjson": {[]string{"--framing=ndjson"}, `{"a":1}\n`, `{"a":1}`},
		"binary": {[]string{"--binary"}, `\377\0`, "base64 " + base64.StdEncoding.EncodeToString([]byte("\xff\x00"))},
		"tag":    {[]string{"--stderr=tag"}, `a\n`, `{"stream":"stdout","data":"a"}`},
	} {
		s := start(t, append(test.flags, "printf", test.prints)...)
		a := events(t, s)
		var got []string
		for e, ok := a.next(); ok && e.kind != "end"; e, ok = a.next() {
			got = append(got, strings.TrimPrefix(e.kind+" "+e.data, " "))
		}
		if strings.Join(got, "|") != test.want {
			t.Errorf("%s: %q, expected %q", name, got, test.want)
		}
	}
}

// A comment keeps an idle stream.
func TestEventsComments(t *testing.T) {
	t.Parallel()
	a := events(t, start(t, "--pingms=50", "sh", "-c", "sleep 1000"))
	for range 3 {
		for line := ""; line != ":\n"; {
			var err error
			if line, err = a.r.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A client that does not read holds the program back, and gets all when it does.
func TestEventsSlowClient(t *testing.T) {
	t.Parallel()
	const lines = 4_000_000 // 27 MB, of events 180 MB
	s := harness.Start(t, harness.PlainBinary(t), "sh", "-c", "seq 1000001 5000000")
	a := events(t, s)
	harness.Until(t, "the program waits", func() bool {
		children := s.Children()
		return len(children) > 0 && harness.Blocked(children[len(children)-1])
	})
	never(t, "the program ends though nobody reads", func() bool { return len(s.Children()) == 0 })
	count := 0
	for line := ""; ; {
		var err error
		if line, err = a.r.ReadString('\n'); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "data: ") {
			count++
			if count <= lines && line != fmt.Sprintf("data: %d\n", 1_000_000+count) {
				t.Fatalf("line %d is %q", count, line)
			}
		}
	}
	if peak := harness.PeakMemory(t, s.PID); count != lines+1 || peak > 48<<20 {
		t.Errorf("%d of %d lines, VmHWM %d MiB", count-1, lines, peak>>20)
	} else {
		harness.Measured(t, "a slow reader of events: VmHWM %d MiB", peak>>20)
	}
}

// Many at once have a process each.
func TestEventsMany(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "echo $$; read x; echo over")
	var all sync.WaitGroup
	pids := sync.Map{}
	for range 20 {
		a := events(t, s)
		all.Go(func() {
			got := a.all()
			if len(got) != 2 || got[1] != "over" {
				t.Errorf("%q", got)
				return
			}
			if _, twice := pids.LoadOrStore(got[0], true); twice {
				t.Errorf("process %s has two clients", got[0])
			}
		})
	}
	all.Wait()
	harness.NoSurvivors(t, s)
}
