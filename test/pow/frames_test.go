package pow

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"websocketd/test/harness"
)

var (
	args  = shell("args", `for a; do printf '<%s>' "$a"; done`)
	exits = shell("exits", `printf "$2"; exit $1`)
	split = shell("split", `i=0; while [ $i -lt 200 ]; do printf '\303'; printf '\244\342\202'; printf '\254'; i=$((i+1)); done`)
)

// What a client writes reaches the process byte for byte, with nothing added, and comes back so.
func TestText(t *testing.T) {
	t.Parallel()
	s := serve(t, cat)
	for what, texts := range map[string][]string{
		"nothing":          {},
		"empty text":       {"", "", ""},
		"without newlines": {"a", "b", "", "c"},
		"characters":       {"ä€𝄞\u0000\u2028", "\ufeff", "<&>\"\\", "e\u0301"},
		"newlines":         {"\n", "a\r\nb\r", "\n\n", "c"},
		"300 KiB":          strings.SplitAfter(pattern(300<<10), "7"),
		"one of 1 MiB":     {pattern(1 << 20)},
		"JSON":             {message("cat"), signalClose, signalCancel},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := begin(t, s, "cat")
			for _, text := range texts {
				c.input(t, text)
			}
			c.control(t, signalClose)
			c.wants(t, strings.Join(texts, ""), null)
		})
	}
}

// pattern returns n bytes of text, in which each place has its own.
func pattern(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprint(&b, i, "€")
	}
	return strings.ToValidUTF8(b.String()[:n], "-")
}

// Messages in fragments, and control frames between them, are messages.
func TestFragments(t *testing.T) {
	t.Parallel()
	s := serve(t, cat)
	c := open(t, s)
	call := message("cat")
	frames := []harness.Frame{
		{Op: harness.BinaryOp, Payload: []byte(call[:3])},
		{Fin: true, Op: harness.PingOp, Payload: []byte("x")},
		{Fin: true, Op: harness.Continuation, Payload: []byte(call[3:])},
		{Op: harness.TextOp, Payload: []byte("\xe2\x82")},
		{Fin: true, Op: harness.Continuation, Payload: []byte("\xac")},
		{Op: harness.BinaryOp, Payload: []byte(signalClose[:5])},
		{Op: harness.Continuation},
		{Fin: true, Op: harness.Continuation, Payload: []byte(signalClose[5:])},
	}
	if err := c.WriteFrames(frames...); err != nil {
		t.Fatal(err)
	}
	c.wants(t, "€", null)
}

// With messages that stream without a limit a signal comes in pieces, too.
func TestStreamedMessages(t *testing.T) {
	t.Parallel()
	s := serve(t, cat, "--maxframesize=0")
	for range 20 {
		c := open(t, s)
		for _, m := range []string{message("cat"), signalClose} {
			for i := range len(m) {
				op := byte(harness.Continuation)
				if i == 0 {
					op = harness.BinaryOp
				}
				c.WriteFrames(harness.Frame{Fin: i == len(m)-1, Op: op, Payload: []byte{m[i]}})
			}
			c.input(t, "ä")
		}
		c.wants(t, "ä", null)
	}
	c := begin(t, s, "cat")
	if err := c.Binary([]byte(strings.Repeat(" ", 1<<20) + signalClose)); err != nil { // more than a signal may have
		t.Fatal(err)
	}
	c.wants(t, "", failed("protocol error occurred (signal: SIGINT)"))
}

// A character that the process writes in two pieces is one, and bytes that are none become
// U+FFFD.
func TestOutputIsText(t *testing.T) {
	t.Parallel()
	s := serve(t, split+shell("bytes", `printf 'a\377b\303'`))
	begin(t, s, "split").wants(t, strings.Repeat("ä€", 200), null)
	begin(t, s, "bytes").wants(t, "a\ufffdb\ufffd", null)
}

// Parameters are arguments, exactly.
func TestParams(t *testing.T) {
	t.Parallel()
	s := serve(t, args)
	for _, params := range [][]string{
		nil,
		{""},
		{"a", "", "b c", "$(id)", "`id`", `"'\`, "\n", "ä€𝄞", "a-b", "*"},
		{strings.Repeat("x", 100_000), strings.Repeat("y", 100_000), strings.Repeat("z", 100_000)},
	} {
		want := ""
		for _, p := range params {
			want += "<" + p + ">"
		}
		begin(t, s, "args", params...).wants(t, want, null)
	}
	for _, c := range []struct{ param, why string }{
		{"-x", "begins with a hyphen"},
		{"--", "begins with a hyphen"},
		{"a\x00b", "has a NUL in it, which no argument can have"},
		{strings.Repeat("x", 1<<17), "does not fit a program's arguments"},
	} {
		begin(t, s, "args", "ok", c.param).wants(t, "", `{"status":"rejected","reason":"failed to get process: invalid args: parameter 2 `+c.why+`"}`)
	}
	many := make([]string, 4000) // each costs a pointer, too
	begin(t, s, "args", many...).wants(t, strings.Repeat("<>", len(many)), null)
}

// Keys may be in any case, others are ignored, params may be missing or null.
func TestCallMessages(t *testing.T) {
	t.Parallel()
	s := serve(t, args)
	for _, c := range []struct{ message, output, result string }{
		{`{"call":"args"}`, "", null},
		{`{"call":"args","params":null}`, "", null},
		{`{"call":"args","params":[]}`, "", null},
		{" \r\n\t{ \"CALL\" : \"args\" , \"Params\" : [ \"x\" ] , \"more\" : [{}] }\n", "<x>", null},
		{`{"call":"other","call":"args","params":["\u00e4\n"]}`, "<ä\n>", null},
		{`{}`, "", unknown},
		{`{"signal":"close"}`, "", unknown},
		{`{"call":""}`, "", unknown},
		{`{"call":"Args"}`, "", unknown},
		{`{"call":"args "}`, "", unknown},
		{``, "", mistake},
		{`nonsense`, "", mistake},
		{`null`, "", mistake},
		{`"args"`, "", mistake},
		{`["args"]`, "", mistake},
		{`{"call":"args"} {}`, "", mistake},
		{`{"call":"args"`, "", mistake},
		{`{"call":7}`, "", mistake},
		{`{"call":null}`, "", mistake},
		{`{"call":["args"]}`, "", mistake},
		{`{"call":"args","params":"x"}`, "", mistake},
		{`{"call":"args","params":{"0":"x"}}`, "", mistake},
		{`{"call":"args","params":[1]}`, "", mistake},
		{`{"call":"args","params":["x",null]}`, "", mistake},
		{"{\"call\":\"args\",\"params\":[\"\xff\"]}", "", mistake},
	} {
		call := open(t, s)
		call.control(t, c.message)
		t.Logf("%s", c.message)
		call.wants(t, c.output, c.result)
	}
	harness.NoSurvivors(t, s)
}

// All output comes before the result, however the process ends, and whatever is sent to it.
func TestEndings(t *testing.T) {
	t.Parallel()
	s := serve(t, exits+shell("kills", `printf last; kill -"$1" $$; sleep 1000`)+
		shell("deafens", `exec <&-; i=0; while [ $i -lt 100 ]; do echo $i; i=$((i+1)); done; exit 7`)+
		shell("leaves", `sleep 1000 & printf last; exit 2`)+
		shell("closes", `printf last; exec >&- 2>&-; while read line; do :; done; exit 4`))
	begin(t, s, "exits", "0", "").wants(t, "", null)
	begin(t, s, "exits", "0", "last").wants(t, "last", null)
	begin(t, s, "exits", "3", "last\\n").wants(t, "last\n", failed("exit status 3"))
	begin(t, s, "exits", "255", "").wants(t, "", failed("exit status 255"))
	begin(t, s, "kills", "TERM").wants(t, "last", failed("signal: SIGTERM"))
	begin(t, s, "kills", "KILL").wants(t, "last", failed("signal: SIGKILL"))
	begin(t, s, "leaves").wants(t, "last", failed("exit status 2"))
	c := begin(t, s, "deafens")
	for range 50 {
		c.input(t, strings.Repeat("x", 1000))
	}
	output, result := c.ends(t)
	if strings.Count(output, "\n") != 100 || result != failed("exit status 7") {
		t.Errorf("%d lines, %s", strings.Count(output, "\n"), result)
	}
	c = begin(t, s, "closes") // its output ends long before it does
	c.says(t, "last")
	c.input(t, "more\n")
	c.control(t, signalClose)
	c.wants(t, "", failed("exit status 4"))
	harness.NoSurvivors(t, s)
}

// A ping is answered with its payload, before a call and during one.
func TestPings(t *testing.T) {
	t.Parallel()
	s := serve(t, cat)
	c := open(t, s)
	ping := func(payload string) {
		t.Helper()
		c.WriteFrames(harness.Frame{Fin: true, Op: harness.PingOp, Payload: []byte(payload)})
		if f, err := c.ReadFrame(); err != nil || f.Op != harness.PongOp || string(f.Payload) != payload {
			t.Fatalf("%+v, %v", f, err)
		}
	}
	ping("before")
	c.control(t, message("cat"))
	c.input(t, "x")
	c.says(t, "x")
	ping("")
	ping(strings.Repeat("p", 125))
	c.control(t, signalClose)
	c.wants(t, "", null)
}

// A message over --maxframesize is 1009, before a call and during one; the process is gone.
func TestTooBig(t *testing.T) {
	t.Parallel()
	s := serve(t, cat+args, "--maxframesize=1000")
	c := open(t, s)
	c.control(t, message("args", strings.Repeat("x", 1000)))
	if o := c.rest(t); o.end.Code != 1009 || o.result != "" {
		t.Errorf("%+v", o)
	}
	for _, op := range []byte{harness.TextOp, harness.BinaryOp} {
		c = begin(t, s, "cat")
		c.input(t, "x")
		c.says(t, "x")
		c.WriteFrames(harness.Frame{Fin: true, Op: op, Payload: make([]byte, 1001)})
		if o := c.rest(t); o.end.Code != 1009 {
			t.Errorf("%+v", o)
		}
		harness.NoSurvivors(t, s)
	}
	c = begin(t, s, "cat")
	c.WriteFrames(harness.Frame{Fin: true, Op: harness.TextOp, Payload: []byte{0xff}})
	if o := c.rest(t); o.end.Code != 1007 {
		t.Errorf("text that is not UTF-8: %+v", o)
	}
	harness.NoSurvivors(t, s)
}

// Both directions at once, at full speed: every byte arrives.
func TestBothWays(t *testing.T) {
	t.Parallel()
	s := serve(t, cat)
	c := begin(t, s, "cat")
	random := rand.New(rand.NewPCG(1, 2))
	const size = 8 << 20
	all := pattern(size)
	sent := make(chan error, 1)
	go func() {
		for rest := all; len(rest) > 0; {
			n := min(len(rest), 1+random.IntN(100_000))
			for n < len(rest) && rest[n]&0xc0 == 0x80 {
				n++
			}
			if err := c.Text(rest[:n]); err != nil {
				sent <- err
				return
			}
			rest = rest[n:]
		}
		sent <- c.Binary([]byte(signalClose))
	}()
	output, result := c.ends(t)
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if output != all || result != null {
		t.Errorf("%d of %d bytes, the same: %t; %s", len(output), len(all), output == all, result)
	}
}
