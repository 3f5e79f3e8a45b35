//go:build unix

package stdio

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/exit"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/process"
)

// shown is a Tap that records what it is shown. Standard error is marked.
type shown struct {
	mu    sync.Mutex
	lines []string
	ended []exit.Ending
}

func (s *shown) add(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ended) > 0 {
		line += " after the end"
	}
	s.lines = append(s.lines, line)
}

func (s *shown) Output(batch []bridge.Message) {
	for _, m := range batch {
		if m.Kind == bridge.Binary {
			s.add("base64 " + base64.StdEncoding.EncodeToString(m.Data))
		} else {
			s.add(string(m.Data))
		}
	}
}

func (s *shown) Stderr(line []byte) { s.add("! " + string(line)) }

func (s *shown) Ended(ending exit.Ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, ending)
}

// mustBe compares what the tap was shown, in any order if that is not fixed, with lines that are
// joined by |, and the ending.
func (s *shown) mustBe(t *testing.T, want, ending string, sorted bool) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := slices.Clone(s.lines)
	if sorted {
		slices.Sort(lines)
	}
	if got := strings.Join(lines, "|"); got != want {
		t.Errorf("the tap is shown %q, want %q", got, want)
	}
	if len(s.ended) != 1 || s.ended[0].String() != ending {
		t.Errorf("the tap is told of the endings %v, want %s", s.ended, ending)
	}
}

// TestTap: whatever the framing, and wherever standard error goes, the tap is shown every line or
// message, and then how the program has ended.
func TestTap(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, script string
		cfg          Options
		stderr       process.StderrTo
		want, ending string
		sorted       bool
	}{
		{"lines", `printf 'a\n\nb\r\nc'; exit 3`, Options{}, process.StderrPipe, "a||b|c", "exit status 3", false},
		{"killed", `echo a; kill -9 $$`, Options{}, process.StderrPipe, "a", "signal: SIGKILL", false},
		{"stderr is logged", `echo a; echo b; printf 'c\n\nd' >&2`, Options{}, process.StderrPipe, "! |! c|! d|a|b", "exit status 0", true},
		{"stderr is merged", `echo a; echo b >&2; echo c`, Options{}, process.StderrStdout, "a|b|c", "exit status 0", false},
		{"stderr is discarded", `echo a; echo b >&2; echo c`, Options{}, process.StderrNowhere, "a|c", "exit status 0", false},
		{"both are tagged", `printf 'a\n\nb'; printf 'c\nd' >&2`, Options{Tagged: true}, process.StderrPipe, "|! c|! d|a|b", "exit status 0", true},
		{"raw", `printf 'a\nb\r\n'; sleep 0.1; printf 'c'; sleep 0.1; printf 'd\n\ne\342\202'`, Options{Framing: FramingRaw}, process.StderrPipe, "a|b|cd||e\ufffd", "exit status 0", false},
		{"binary", `printf 'a\n\377'; exit 1`, Options{Binary: true}, process.StderrPipe, "base64 YQr/", "exit status 1", false},
		{"null", `printf 'a\nb\000\000c'`, Options{Framing: FramingNull}, process.StderrPipe, "a\nb||c", "exit status 0", false},
		{"length", `printf '\000\000\000\001a\000\000\000\000'`, Options{Framing: FramingLength}, process.StderrPipe, "base64 YQ==|base64 ", "exit status 0", false},
		{"lsp", `printf 'hello\nContent-Length: 2\r\n\r\n{}Content-Length: 2\r\n\r\n[]why\nthere\n'`, Options{Framing: FramingLSP}, process.StderrPipe, "hello|{}|[]|why|there", "exit status 0", false},
		{"ndjson", `printf '{}\nhello\n[1]\n\nthere\n7'`, Options{Framing: FramingNDJSON}, process.StderrPipe, "{}|hello|[1]|there|7", "exit status 0", false},
		{"a framing that breaks", `printf '{}\n'; head -c 100 /dev/zero | tr '\000' x; echo; echo z; echo e >&2; exit 5`, Options{Framing: FramingNDJSON, MaxLine: 50}, process.StderrPipe, "! e|{}", "exit status 5", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tap := new(shown)
			test.cfg.Tap = tap
			p := startWith(t, test.cfg, test.stderr, test.script)
			for {
				if _, err := p.Receive(); err != nil {
					break
				}
			}
			if n := len(tap.ended); n != 0 {
				t.Errorf("%d endings before Close", n)
			}
			testkit.Within(t, testkit.Patience, "its group is gone", func() { p.Close() })
			tap.mustBe(t, test.want, test.ending, test.sorted)
		})
	}
}

// TestTapOfClosed: a program that is asked to end is shown to its last line.
func TestTapOfClosed(t *testing.T) {
	t.Parallel()
	tap := new(shown)
	p := start(t, Options{Tap: tap}, `trap 'echo last; exit 7' TERM INT; echo first; while :; do sleep 0.01; done`)
	p.Receive()
	received := make(chan struct{})
	go func() {
		p.all(t, bridge.Text)
		close(received)
	}()
	p.Close()
	<-received
	tap.mustBe(t, "first|last", "exit status 7", false)
}

// TestTapOfUnreceived: a program whose output nobody has asked for ends all the same.
func TestTapOfUnreceived(t *testing.T) {
	t.Parallel()
	tap := new(shown)
	p := start(t, Options{Tap: tap}, `echo b >&2; exec sleep 600`)
	testkit.Eventually(t, "stderr is shown", func() bool {
		tap.mu.Lock()
		defer tap.mu.Unlock()
		return len(tap.lines) == 1
	})
	p.Close()
	tap.mustBe(t, "! b", "signal: SIGINT", false)
}

// TestLineTap: lines that come in pieces, cut anywhere, are those that a lineReader finds.
func TestLineTap(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	text := make([]byte, 1<<20)
	for i := range text {
		text[i] = "ab\n\r"[random.IntN(4)]
	}
	want, _ := allLines(t, linesOf(bytes.NewReader(text), 1<<20, nil))
	tap := new(shown)
	l := &lineTap{Tap: tap}
	for rest := text; len(rest) > 0; {
		piece := bytes.Clone(rest[:min(len(rest), random.IntN(10))])
		rest = rest[len(piece):]
		l.Output([]bridge.Message{{Kind: bridge.Text, Data: piece}})
		clear(piece) // it is the Endpoint's
	}
	l.Ended(exit.Ending{})
	if !slices.Equal(tap.lines, want) {
		t.Errorf("seed %d: other lines", seed)
	}
}

// TestLineTapMemory: a line that does not end is shown in pieces, between characters.
func TestLineTapMemory(t *testing.T) {
	tap := new(shown)
	l := &lineTap{Tap: tap}
	const times = 100_000
	for range times {
		l.Output(bridgetest.Say("\u20ac\u20ac"))
		if len(l.open) > mostOpen {
			t.Fatalf("%d bytes are kept", len(l.open))
		}
	}
	l.Ended(exit.Ending{})
	if got := strings.Join(tap.lines, ""); got != strings.Repeat("\u20ac", 2*times) || len(tap.lines) != 10 {
		t.Errorf("%d bytes in %d pieces", len(got), len(tap.lines))
	}
}

// TestNoTapCostsNothing: without a Tap nothing stands between the output and Receive.
func TestNoTapCostsNothing(t *testing.T) {
	inner := &textOutput{newLineReader(bridgetest.Again{Text: []byte(strings.Repeat("0123456789\n", 1000))}, 1<<20, nil)}
	if got := tapped(inner, tapOf(&Options{Framing: FramingRaw})); got != output(inner) {
		t.Errorf("the output is a %s", fmt.Sprintf("%T", got))
	}
	outer := tapped(inner, silent{})
	with := testing.AllocsPerRun(100, func() { outer.Next() })
	if with > perRead {
		t.Errorf("with a Tap that does nothing: %v allocations a batch", with)
	}
}

// silent is a Tap that does nothing.
type silent struct{}

func (silent) Output([]bridge.Message) {}
func (silent) Stderr([]byte)           {}
func (silent) Ended(exit.Ending)       {}
