//go:build unix

package stdio

import (
	"errors"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestFramings checks what programs print, and how they end, in every framing.
func TestFramings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, script string
		cfg          Options
		kind         bridge.Kind
		want         string // joined by |, and the end
		junk         string
	}{
		{"raw", `printf 'a\nb'; exit 3`, Options{Framing: FramingRaw}, bridge.Text, "a\nb and exit status 3", ""},
		{"raw, a character in two writes", `printf '\342\202'; printf '\254'`, Options{Framing: FramingRaw}, bridge.Text, "\u20ac and exit status 0", ""},
		{"raw, cut at the end", `printf 'a\342\202'`, Options{Framing: FramingRaw}, bridge.Text, "a|\ufffd and exit status 0", ""},
		{"null", `printf 'a\nb\000c'; exit 3`, Options{Framing: FramingNull}, bridge.Text, "a\nb|c and exit status 3", ""},
		{"null, too long", `printf 'a\000bcdefg'; exec sleep 600`, Options{Framing: FramingNull, MaxLine: 4}, bridge.Text, "a and message over --maxline", ""},
		{"length", `printf '\000\000\000\001a\000\000\000\002\377\000'`, Options{Framing: FramingLength}, bridge.Binary, "a|\xff\x00 and exit status 0", ""},
		{"length, cut", `printf '\000\000\000\002a'; exit 3`, Options{Framing: FramingLength}, bridge.Binary, " and output ended inside a message", ""},
		{"length, closed", `printf '\000\000\000\002a'; exec sleep 600 >&-`, Options{Framing: FramingLength}, bridge.Binary, " and output ended inside a message", ""},
		{"lsp", `printf 'hello\nContent-Length: 2\r\n\r\n{}'; exit 3`, Options{Framing: FramingLSP}, bridge.Text, "{} and exit status 3", "hello"},
		{"lsp, too long", `printf 'Content-Length: 2\n\n{}Content-Length: 99\n\n'; exec yes`, Options{Framing: FramingLSP, MaxLine: 50}, bridge.Text, "{} and Content-Length 99 is over --maxline=50", ""},
		{"ndjson", `printf 'hello\n{}\n[1]'; exit 3`, Options{Framing: FramingNDJSON}, bridge.Text, "{}|[1] and exit status 3", "hello"},
		{"ndjson, too long", `printf '{}\n'; yes | tr -d '\n'`, Options{Framing: FramingNDJSON, MaxLine: 50}, bridge.Text, "{} and message over --maxline", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, test.cfg, test.script)
			got, err := p.all(t, test.kind)
			if s := (said{got, err}).String(); s != test.want {
				t.Errorf("it says %q, want %q", s, test.want)
			}
			if junk := strings.Join(p.log.Category("stdout"), "|"); junk != test.junk {
				t.Errorf("the log has %q, want %q", junk, test.junk)
			}
			if _, again := p.Receive(); again.Error() != err.Error() {
				t.Errorf("after the end: %v", again)
			}
			testkit.Within(t, testkit.Patience, "its group is gone", func() { p.Close() })
		})
	}
}

// TestRawStalls: the beginning of a character is waited for, but not for ever.
func TestRawStalls(t *testing.T) {
	t.Parallel()
	p := start(t, Options{Framing: FramingRaw}, `printf 'a\342\202'; read x; printf '\254b'; read x`)
	if batch, err := p.Receive(); err != nil || bridgetest.Text(batch) != "a" {
		t.Fatalf("%q, %v", bridgetest.Text(batch), err)
	}
	began := time.Now()
	if batch, err := p.Receive(); err != nil || bridgetest.Text(batch) != "\ufffd" {
		t.Fatalf("%q, %v", bridgetest.Text(batch), err)
	}
	if took := time.Since(began); took < stall/2 {
		t.Errorf("after %s", took)
	}
	p.Send(bridgetest.Say("go on\n"))
	if batch, err := p.Receive(); err != nil || bridgetest.Text(batch) != "\ufffdb" {
		t.Fatalf("%q, %v", bridgetest.Text(batch), err)
	}
	p.CloseSend(nil)
	if _, err := p.all(t, bridge.Text); !isEnded(err) {
		t.Errorf("it ends with %v", err)
	}
}

func isEnded(err error) bool {
	var ended *bridge.EndedError
	return errors.As(err, &ended)
}

// TestBrokenOutputIsReadOn: a program whose output cannot be used any more is not blocked,
// so that it can end well.
func TestBrokenOutputIsReadOn(t *testing.T) {
	t.Parallel()
	p := start(t, Options{Framing: FramingLength, CloseDelay: time.Second}, `trap 'exit 7' INT; printf '\377\377\377\377'; i=0; while :; do echo $i; done`)
	if got, err := p.all(t, bridge.Binary); len(got) > 0 || err != error(errOverMaxLine) {
		t.Errorf("%q, %v", got, err)
	}
	testkit.Within(t, testkit.Patience, "Close", func() { p.Close() })
	if ending := p.proc.Ending(); ending.Code != 7 {
		t.Errorf("it ends with %v", ending)
	}
	if told := p.log.Category("process"); len(told) == 0 || !strings.Contains(told[0], "message over --maxline") {
		t.Errorf("the log says %q", told)
	}
}

// TestFramedEcho: through a real program and back, in every framing that both
// directions have in common.
func TestFramedEcho(t *testing.T) {
	t.Parallel()
	big := `["` + strings.Repeat("\u20ac", readbuf.BlockSize) + `"]`
	for framing, kind := range map[Framing]bridge.Kind{FramingNull: bridge.Text, FramingLength: bridge.Binary, FramingLSP: bridge.Text, FramingNDJSON: bridge.Text, FramingLine: bridge.Text} {
		t.Run(string(framing), func(t *testing.T) {
			t.Parallel()
			messages := []string{`"a"`, big, "1", big, big, `{"b":[]}`}
			p := start(t, Options{Framing: framing}, "exec cat")
			go func() {
				for range 3 {
					if err := p.Send(bridgetest.Say(messages...)); err != nil {
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
