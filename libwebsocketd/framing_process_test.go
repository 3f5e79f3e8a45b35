//go:build unix

package libwebsocketd

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestFramings is what comes of programs that print and end in every framing.
func TestFramings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, script string
		cfg          ProcessOptions
		kind         Kind
		want         string // joined by |, and the end
		junk         string
	}{
		{"raw", `printf 'a\nb'; exit 3`, ProcessOptions{Framing: FramingRaw}, Text, "a\nb and exit status 3", ""},
		{"raw, a character in two writes", `printf '\342\202'; printf '\254'`, ProcessOptions{Framing: FramingRaw}, Text, "\u20ac and exit status 0", ""},
		{"raw, cut at the end", `printf 'a\342\202'`, ProcessOptions{Framing: FramingRaw}, Text, "a|\ufffd and exit status 0", ""},
		{"null", `printf 'a\nb\000c'; exit 3`, ProcessOptions{Framing: FramingNull}, Text, "a\nb|c and exit status 3", ""},
		{"null, too long", `printf 'a\000bcdefg'; exec sleep 600`, ProcessOptions{Framing: FramingNull, MaxLine: 4}, Text, "a and message over --maxline", ""},
		{"length", `printf '\000\000\000\001a\000\000\000\002\377\000'`, ProcessOptions{Framing: FramingLength}, Binary, "a|\xff\x00 and exit status 0", ""},
		{"length, cut", `printf '\000\000\000\002a'; exit 3`, ProcessOptions{Framing: FramingLength}, Binary, " and output ended inside a message", ""},
		{"length, closed", `printf '\000\000\000\002a'; exec sleep 600 >&-`, ProcessOptions{Framing: FramingLength}, Binary, " and output ended inside a message", ""},
		{"lsp", `printf 'hello\nContent-Length: 2\r\n\r\n{}'; exit 3`, ProcessOptions{Framing: FramingLSP}, Text, "{} and exit status 3", "hello"},
		{"lsp, too long", `printf 'Content-Length: 2\n\n{}Content-Length: 99\n\n'; exec yes`, ProcessOptions{Framing: FramingLSP, MaxLine: 50}, Text, "{} and Content-Length 99 is over --maxline=50", ""},
		{"ndjson", `printf 'hello\n{}\n[1]'; exit 3`, ProcessOptions{Framing: FramingNDJSON}, Text, "{}|[1] and exit status 3", "hello"},
		{"ndjson, too long", `printf '{}\n'; yes | tr -d '\n'`, ProcessOptions{Framing: FramingNDJSON, MaxLine: 50}, Text, "{} and message over --maxline", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, test.cfg, test.script)
			got, err := p.all(t, test.kind)
			if s := (said{got, err}).String(); s != test.want {
				t.Errorf("it says %q, want %q", s, test.want)
			}
			if junk := strings.Join(p.log.category("stdout"), "|"); junk != test.junk {
				t.Errorf("the log has %q, want %q", junk, test.junk)
			}
			if _, again := p.Receive(); again.Error() != err.Error() {
				t.Errorf("after the end: %v", again)
			}
			within(t, patience, "its group is gone", func() { p.Close() })
		})
	}
}

// TestRawStalls: the beginning of a character is waited for, but not for ever.
func TestRawStalls(t *testing.T) {
	t.Parallel()
	p := start(t, ProcessOptions{Framing: FramingRaw}, `printf 'a\342\202'; read x; printf '\254b'; read x`)
	if batch, err := p.Receive(); err != nil || text(batch) != "a" {
		t.Fatalf("%q, %v", text(batch), err)
	}
	began := time.Now()
	if batch, err := p.Receive(); err != nil || text(batch) != "\ufffd" {
		t.Fatalf("%q, %v", text(batch), err)
	}
	if took := time.Since(began); took < stall/2 {
		t.Errorf("after %s", took)
	}
	p.Send(say("go on\n"))
	if batch, err := p.Receive(); err != nil || text(batch) != "\ufffdb" {
		t.Fatalf("%q, %v", text(batch), err)
	}
	p.CloseSend(nil)
	if _, err := p.all(t, Text); !isEnded(err) {
		t.Errorf("it ends with %v", err)
	}
}

func isEnded(err error) bool {
	var ended *EndedError
	return errors.As(err, &ended)
}

// TestBrokenOutputIsReadOn: a program whose output nobody can use any more is not
// held up, so that it can end well.
func TestBrokenOutputIsReadOn(t *testing.T) {
	t.Parallel()
	p := start(t, ProcessOptions{Framing: FramingLength}, `trap 'exit 7' INT; printf '\377\377\377\377'; i=0; while :; do echo $i; done`)
	if got, err := p.all(t, Binary); len(got) > 0 || err != error(errOverMaxLine) {
		t.Errorf("%q, %v", got, err)
	}
	within(t, patience, "Close", func() { p.Close() })
	if ending := p.proc.Ending(); ending.Code != 7 {
		t.Errorf("it ends with %v", ending)
	}
	if told := p.log.category("process"); len(told) == 0 || !strings.Contains(told[0], "message over --maxline") {
		t.Errorf("the log says %q", told)
	}
}

// TestFramedEcho: through a real program and back, in every framing that both
// directions have in common.
func TestFramedEcho(t *testing.T) {
	t.Parallel()
	big := `["` + strings.Repeat("\u20ac", chunkSize) + `"]`
	for framing, kind := range map[Framing]Kind{FramingNull: Text, FramingLength: Binary, FramingLSP: Text, FramingNDJSON: Text, FramingLine: Text} {
		t.Run(string(framing), func(t *testing.T) {
			t.Parallel()
			messages := []string{`"a"`, big, "1", big, big, `{"b":[]}`}
			p := start(t, ProcessOptions{Framing: framing}, "exec cat")
			go func() {
				for range 3 {
					if err := p.Send(say(messages...)); err != nil {
						t.Error(err)
					}
				}
				p.CloseSend(nil)
			}()
			got, err := p.all(t, kind)
			want := strings.Repeat(strings.Join(messages, "|")+"|", 3)
			if all := strings.Join(got, "|") + "|"; all != want || !isEnded(err) {
				t.Errorf("%d messages, %d bytes come back, want %d, %v", len(got), len(all), len(want), err)
			}
		})
	}
}
