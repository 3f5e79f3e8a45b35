//go:build unix

package stdio

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/process"
)

// program is a shell script as an endpoint.
type program struct {
	*Endpoint
	told held
	log  *testkit.LogBook
}

// held counts the calls to a Slot.
type held struct{ left, over atomic.Int32 }

func (h *held) Leaving() { h.left.Add(1) }

func (h *held) Gone() { h.over.Add(1) }

// start runs a script. It is ended with the test.
func start(t *testing.T, o Options, script string) *program {
	return startWith(t, o, process.StderrPipe, script)
}

// startWith does what start does, with another destination of stderr.
func startWith(t *testing.T, o Options, stderr process.StderrTo, script string) *program {
	t.Helper()
	proc, err := launcher.Start(process.Spec{
		Path: "/bin/sh", Args: []string{"/bin/sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin"}, Stderr: stderr,
	})
	if err != nil {
		t.Fatal(err)
	}
	p := &program{log: new(testkit.LogBook)}
	o.MaxLine = cmp.Or(o.MaxLine, 1<<20)
	o.Log, o.Slot = slog.New(p.log), &p.told
	p.Endpoint = NewEndpoint(proc, o)
	t.Cleanup(func() {
		p.Close()
		testkit.Eventually(t, "its slot is free", func() bool { return p.told.over.Load() > 0 }) // a killed process that gets no CPU lives on
		if left, gone := p.told.left.Load(), p.told.over.Load(); left != 1 || gone != 1 {
			t.Errorf("told %d times to be leaving and %d times to be gone", left, gone)
		}
		testkit.Eventually(t, "its group is gone", func() bool { // its orphans are init's to collect
			return errors.Is(syscall.Kill(-proc.Pid, 0), syscall.ESRCH)
		})
	})
	return p
}

// all receives to the end. Each message is one element, those of other kinds
// than want are marked.
func (p *program) all(t *testing.T, want bridge.Kind) (messages []string, err error) {
	t.Helper()
	for {
		batch, err := p.Receive()
		for _, m := range batch {
			if m.Kind != want || m.More {
				t.Errorf("a message of kind %d, more %v", m.Kind, m.More)
			}
			messages = append(messages, string(m.Data))
		}
		if err != nil {
			return messages, err
		}
	}
}

// mustSay receives to the end and compares.
func (p *program) mustSay(t *testing.T, want string, status int) {
	t.Helper()
	got, err := p.all(t, bridge.Text)
	if strings.Join(got, "|") != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	var ended *bridge.EndedError
	if !errors.As(err, &ended) || ended.Code != status || ended.Signal != 0 {
		t.Errorf("it ends with %v, want exit status %d", err, status)
	}
}

// TestOutput checks what messages become of programs' output.
func TestOutput(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, script string
		options      Options
		stderr       process.StderrTo
		want         string // joined by |
		status       int
	}{
		{"the last line needs no newline", "echo one; printf two; exit 3", Options{}, process.StderrPipe, "one|two", 3},
		{"line ends", `printf 'a\r\nb\r\r\n\nc\rd\n'`, Options{}, process.StderrPipe, "a|b\r||c\rd", 0},
		{"nothing", "exit 1", Options{}, process.StderrPipe, "", 1},
		{"not UTF-8", `printf '\377\303\251\342\202\n'`, Options{}, process.StderrPipe, "\ufffd\u00e9\ufffd", 0},
		{"a character in two writes", `printf '\342\202'; printf '\254\n'`, Options{}, process.StderrPipe, "\u20ac", 0},
		{"long lines", `printf 'abcdefgh\n'`, Options{MaxLine: 5}, process.StderrPipe, "abcde|fgh", 0},
		{"output closed long before the end", "echo a; exec 1>&- 2>&-; read x; exit 4", Options{}, process.StderrPipe, "a", 4},
		{"input closed", "exec 0<&-; echo a; echo b", Options{}, process.StderrPipe, "a|b", 0},
		{"merged", "echo a; echo b >&2; echo c; printf d >&2", Options{}, process.StderrStdout, "a|b|c|d", 0},
		{"discarded", "echo a >&2; echo b; echo c >&2 ", Options{}, process.StderrNowhere, "b", 0},
		{"logged", "echo a >&2; echo b", Options{}, process.StderrPipe, "b", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := startWith(t, test.options, test.stderr, test.script)
			p.CloseSend(nil)
			p.mustSay(t, test.want, test.status)
			if _, err := p.Receive(); err == nil {
				t.Error("something after the end")
			}
		})
	}
}

// TestStderrLog: every line goes to the log, the unterminated last one too, a
// long one in pieces, and the program never waits for it.
func TestStderrLog(t *testing.T) {
	t.Parallel()
	p := start(t, Options{MaxLine: 6000}, `printf '%07000d\n' 0 >&2; for i in 1 2 3 4 5 6; do printf '%050000d\n' 0 >&2; done; printf last >&2; echo done`)
	p.mustSay(t, "done", 0)
	p.Close()
	lines := p.log.Category("stderr")
	if all := strings.Join(lines, ""); len(lines) != 2+6*9+1 || lines[len(lines)-1] != "last" || len(lines[0]) != 6000 || len(all) != 307004 {
		t.Errorf("%d lines with %d bytes in the log", len(lines), len(all))
	}
	if told := p.log.Category("process"); len(told) == 0 || !strings.Contains(told[0], "stderr is longer than --maxline") {
		t.Errorf("the log says %q", told)
	}
}

// TestTagged: both streams as JSON, stderr to the log as well.
func TestTagged(t *testing.T) {
	t.Parallel()
	p := start(t, Options{Tagged: true}, `echo '<a>"&'; printf 'b\377\342\202' >&2; printf 'c'`)
	got, err := p.all(t, bridge.Text)
	streams := make(map[string]string)
	for _, message := range got {
		var m struct{ Stream, Data string }
		if err := json.Unmarshal([]byte(message), &m); err != nil {
			t.Errorf("%q: %v", message, err)
		}
		streams[m.Stream] += m.Data + "|"
	}
	if streams["stdout"] != `<a>"&|c|` || streams["stderr"] != "b\ufffd\ufffd|" || len(got) != 3 {
		t.Errorf("it says %q", got)
	}
	if !bytes.Contains([]byte(strings.Join(got, "")), []byte(`{"stream":"stdout","data":"\u003ca\u003e\"\u0026"}`)) {
		t.Errorf("not the older tool's JSON: %q", got)
	}
	var ended *bridge.EndedError
	if !errors.As(err, &ended) {
		t.Errorf("it ends with %v", err)
	}
	p.Close()
	if lines := p.log.Category("stderr"); len(lines) != 1 || lines[0] != "b\xff\xe2\x82" {
		t.Errorf("the log has %q", lines)
	}
}

// TestTaggedHoldsBack: a stream whose batch is not used up is not read on.
func TestTaggedHoldsBack(t *testing.T) {
	t.Parallel()
	p := start(t, Options{Tagged: true}, `i=0; while [ $i -lt 3000 ]; do echo line $i; echo line $i >&2; i=$((i+1)); done`)
	counts := make(map[string]int)
	for {
		batch, err := p.Receive()
		if err != nil {
			break
		}
		for _, m := range batch {
			var tagged struct{ Stream, Data string }
			json.Unmarshal(m.Data, &tagged)
			if want := counts[tagged.Stream]; tagged.Data != "line "+strconv.Itoa(want) {
				t.Fatalf("%s: %q after %d lines", tagged.Stream, tagged.Data, want)
			}
			counts[tagged.Stream]++
		}
	}
	if counts["stdout"] != 3000 || counts["stderr"] != 3000 {
		t.Errorf("%v", counts)
	}
}

// TestBinaryOutput: every read is a message; nothing is lost or added.
func TestBinaryOutput(t *testing.T) {
	t.Parallel()
	p := start(t, Options{Binary: true}, `printf 'a\n\000\377'; head -c 300000 /dev/zero; printf end`)
	got, _ := p.all(t, bridge.Binary)
	all := strings.Join(got, "")
	if want := "a\n\x00\xff" + strings.Repeat("\x00", 300000) + "end"; all != want {
		t.Errorf("%d bytes, want %d", len(all), len(want))
	}
	for _, m := range got {
		if len(m) == 0 || len(m) > readbuf.BlockSize {
			t.Errorf("a message of %d bytes", len(m))
		}
	}
}

// TestInput: a newline after each text message, none after a piece or a binary one;
// messages of any size.
func TestInput(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 3*readbuf.BlockSize)
	batches := [][]bridge.Message{
		bridgetest.Say("a", "", "b\nc"),
		{{Kind: bridge.Text, More: true, Data: []byte("d")}, {Kind: bridge.Text, More: true}, {Kind: bridge.Text, Data: []byte("e")}},
		{{Kind: bridge.Binary, Data: []byte("f")}, {Kind: bridge.Text, Data: []byte(big)}, {Kind: bridge.Text, Data: []byte("g")}},
		nil,
		bridgetest.Say(strings.Repeat("y", readbuf.BlockSize), strings.Repeat("z", readbuf.BlockSize/2), strings.Repeat("z", readbuf.BlockSize/2), "h"),
	}
	want := "a\n\nb\nc\nde\nf" + big + "\ng\n" + strings.Repeat("y", readbuf.BlockSize) + "\n" +
		strings.Repeat(strings.Repeat("z", readbuf.BlockSize/2)+"\n", 2) + "h\n"
	p := start(t, Options{Binary: true}, "cat")
	go func() {
		for _, batch := range batches {
			if err := p.Send(batch); err != nil {
				t.Error(err)
			}
		}
		p.CloseSend(nil)
	}()
	got, err := p.all(t, bridge.Binary)
	if all := strings.Join(got, ""); all != want {
		t.Errorf("%d bytes came back, want %d", len(all), len(want))
	}
	var ended *bridge.EndedError
	if !errors.As(err, &ended) || !ended.Success() {
		t.Errorf("cat ends with %v", err)
	}
}

// TestDeafProgram: Send fails when the program has closed its input; its output
// goes on.
func TestDeafProgram(t *testing.T) {
	t.Parallel()
	p := start(t, Options{}, "exec 0<&-; echo deaf; exec sleep 600")
	if batch, err := p.Receive(); err != nil || bridgetest.Text(batch) != "deaf" {
		t.Fatalf("%q, %v", bridgetest.Text(batch), err)
	}
	// A child that another test forks has the pipe, too, until it executes.
	testkit.Eventually(t, "Send fails", func() bool { return errors.Is(p.Send(bridgetest.Say("x")), syscall.EPIPE) })
	go p.Close()
	if _, err := p.all(t, bridge.Text); err == nil {
		t.Error("no end")
	}
}

// TestCloseUnblocksSend: a program that reads nothing blocks Send until Close.
func TestCloseUnblocksSend(t *testing.T) {
	t.Parallel()
	p := start(t, Options{}, "exec sleep 600")
	failed := make(chan error, 1)
	go func() {
		for {
			if err := p.Send(bridgetest.Say(strings.Repeat("x", readbuf.BlockSize))); err != nil {
				failed <- err
				return
			}
		}
	}()
	testkit.Within(t, testkit.Patience, "Close", func() { p.Close() })
	testkit.Within(t, testkit.Patience, "Send fails", func() { <-failed })
}

// TestCloseWhileReceiving: what the program says when it is asked to end is
// received, and Close waits for that.
func TestCloseWhileReceiving(t *testing.T) {
	t.Parallel()
	p := start(t, Options{CloseDelay: time.Second}, `trap 'echo interrupted; exit 7' INT; echo ready; while :; do read x || sleep 600 & wait; done`)
	if batch, err := p.Receive(); err != nil || bridgetest.Text(batch) != "ready" {
		t.Fatalf("%q, %v", bridgetest.Text(batch), err)
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		p.Close()
	}()
	p.mustSay(t, "interrupted", 7)
	testkit.Within(t, testkit.Patience, "Close", func() { <-closed })
}

// TestCloseWithoutReceiving ends a program whose output is not received, however much it
// prints, also from several goroutines at once.
func TestCloseWithoutReceiving(t *testing.T) {
	t.Parallel()
	for _, how := range []struct {
		options Options
		stderr  process.StderrTo
	}{{}, {options: Options{Tagged: true}}, {stderr: process.StderrStdout}} {
		p := startWith(t, how.options, how.stderr, "while :; do echo out; echo err >&2; done")
		testkit.Within(t, testkit.Patience, "Close", func() {
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() { p.Close() })
			}
			all.Wait()
		})
	}
}

// TestStubbornProgram: the last step of the ladder ends such a program.
func TestStubbornProgram(t *testing.T) {
	t.Parallel()
	p := start(t, Options{}, `trap '' INT TERM; echo ready; while :; do sleep 600; done`)
	p.Receive()
	began := time.Now()
	go p.Close()
	_, err := p.all(t, bridge.Text)
	var ended *bridge.EndedError
	if !errors.As(err, &ended) || ended.Signal != syscall.SIGKILL {
		t.Errorf("it ends with %v", err)
	}
	if took := time.Since(began); took < 850*time.Millisecond {
		t.Errorf("killed after %s already", took)
	}
}
