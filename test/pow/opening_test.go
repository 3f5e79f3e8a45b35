package pow

import (
	"strconv"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// Without a call, or with one that is sent as text, the time is up.
func TestNoCall(t *testing.T) {
	t.Parallel()
	s := serve(t, cat)
	for what, text := range map[string][]string{"nothing": nil, "a call as text": {message("cat")}, "empty text": {"", ""}} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := open(t, s)
			for _, text := range text {
				c.input(t, text)
			}
			c.wants(t, "", timedOut)
			s.Out.Await(t, "REJECTED: timeout expired")
		})
	}
}

// Who goes on sending the call, or text before it, has time: the wait is for silence.
func TestSlowCall(t *testing.T) {
	t.Parallel()
	s := serve(t, cat)
	c := open(t, s)
	frame := string(harness.Frame{Fin: true, Op: harness.BinaryOp, Payload: []byte(message("cat"))}.Bytes())
	harness.Paced(len(frame), 50e6, func(i int) bool { // two seconds, a byte every 50 ms
		c.Send(t, frame[i:i+1])
		return true
	})
	c.control(t, signalClose)
	c.wants(t, "", null)
}

// A rate begins with the call, whether it is the program's or one for all: what comes before it
// is not held back.
func TestRateBeginsWithTheCall(t *testing.T) {
	t.Parallel()
	for _, s := range []*harness.Server{serve(t, cat, "--messagerate=2/h"), serve(t, cat+"messagerate = \"2/h\"\n")} {
		c := open(t, s)
		for range 12 {
			c.input(t, "a")
		}
		c.control(t, message("cat"))
		c.says(t, strings.Repeat("a", 12))
		for _, text := range []string{"b", "c", "held back"} {
			c.input(t, text)
		}
		c.says(t, "bc")
		c.Close()
	}
}

// Text before the call is the first input, whatever comes in which piece.
func TestEarlyText(t *testing.T) {
	t.Parallel()
	s := serve(t, cat)
	frames := []harness.Frame{
		{Fin: true, Op: harness.TextOp, Payload: []byte("first ")},
		{Fin: true, Op: harness.TextOp},
		{Fin: true, Op: harness.TextOp, Payload: []byte("second ")},
		{Fin: true, Op: harness.BinaryOp, Payload: []byte(message("cat"))},
		{Fin: true, Op: harness.TextOp, Payload: []byte("third ")},
		{Fin: true, Op: harness.TextOp, Payload: []byte("fourth")},
		{Fin: true, Op: harness.BinaryOp, Payload: []byte(signalClose)},
		{Fin: true, Op: harness.TextOp, Payload: []byte("late")},
	}
	for at := range frames { // those before it together, the rest one by one
		c := open(t, s)
		c.WriteFrames(frames[:at]...)
		for _, f := range frames[at:] {
			c.WriteFrames(f)
		}
		c.wants(t, "first second third fourth", null)
	}
}

// A large amount of it does not stall the call; it is held up to a limit. Also a process that
// reads nothing can be canceled after it.
func TestEarlyTextInBulk(t *testing.T) {
	t.Parallel()
	s := serve(t, cat+deaf)
	all := strings.Repeat(pattern(1000), 8<<10)
	c := open(t, s)
	c.bulk(t, all)
	c.control(t, message("cat"))
	c.input(t, "later")
	c.control(t, signalClose)
	output, result := c.ends(t)
	if output != all+"later" || result != null {
		t.Errorf("%d of %d bytes, %s", len(output), len(all), result)
	}
	c = open(t, s)
	c.bulk(t, all)
	c.control(t, message("sleeps"))
	c.says(t, "up\n")
	c.control(t, signalCancel)
	c.wants(t, "", failed(canceled+" (signal: SIGINT)"))
	c = open(t, s)
	c.bulk(t, all)
	c.control(t, message("nothing"))
	c.wants(t, "", unknown)
	harness.NoSurvivors(t, s)
}

// More than the limit is a mistake of the client.
func TestTooMuchEarlyText(t *testing.T) {
	t.Parallel()
	s := serve(t, cat)
	for again := true; again; {
		c := open(t, s)
		c.bulk(t, strings.Repeat("x", 17<<20))
		output, result := c.ends(t)
		again = result == timedOut // the machine has kept us from sending for a second
		if output != "" || !again && result != mistake {
			t.Errorf("%d bytes, %s", len(output), result)
		}
	}
}

// What is held counts against --maxmemory. When there is none left it is told, and nobody waits
// for nothing.
func TestEarlyTextAndMemory(t *testing.T) {
	t.Parallel()
	s := serve(t, cat, "--maxmemory=16MiB")
	all := strings.Repeat(pattern(1000), 3<<10)
	try := func(t *testing.T) (result string) {
		c := open(t, s)
		c.bulk(t, all)
		c.control(t, message("cat"))
		c.control(t, signalClose)
		output, result := c.ends(t)
		if result == null && output != all {
			t.Errorf("%d of %d bytes", len(output), len(all))
		}
		return result
	}
	t.Run("many", func(t *testing.T) {
		for i := range 8 {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				if result := try(t); result != null && result != `{"status":"rejected","reason":"there is no memory for more input before the call (see --maxmemory)"}` {
					t.Error(result)
				}
			})
		}
	})
	harness.NoSurvivors(t, s)
	if result := try(t); result != null {
		t.Errorf("alone: %s", result)
	}
}

// The only client has a good part of a small --maxmemory for it.
func TestEarlyTextAndLittleMemory(t *testing.T) {
	t.Parallel()
	s := serve(t, cat, "--maxmemory=1MiB")
	all := strings.Repeat(pattern(1000), 200)
	for range 3 {
		c := open(t, s)
		c.input(t, all[:len(all)/2])
		c.input(t, all[len(all)/2:])
		c.control(t, message("cat"))
		c.control(t, signalClose)
		c.wants(t, all, null)
	}
}

// bulk sends text in messages of 64 KiB, as far as the server takes them.
func (c *call) bulk(t harness.T, text string) {
	t.Helper()
	for len(text) > 0 {
		n := min(len(text), 64<<10)
		for n < len(text) && text[n]&0xc0 == 0x80 {
			n--
		}
		if c.Text(text[:n]) != nil {
			return // it is told why
		}
		text = text[n:]
	}
}
