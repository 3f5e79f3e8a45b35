package terminal

import (
	"bufio"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestKeyParser: the editor gets whole characters and the keys that it knows.
func TestKeyParser(t *testing.T) {
	for typed, want := range map[string]string{
		"aä€\U0001f600\r":          "aä€\U0001f600\r",
		"a\xffb\xe4\r":             "a\ufdd0b\ufdd0\r",
		"\xe2\x82\x1b[A":           "\ufdd0\x1b[A", // half a character
		"\xef\xbf\xbd":             "\ufdd0",
		"\x1b[A\x1b[1;3C\x1b[3~":   "\x1b[A\x1b[1;3C\x1b[3~",
		"\x1bOA\x1b[1~\x1bOF":      "\x1b[A\x1b[H\x1b[F",
		"\x1bOPx\x1b[[Ax\x1b[15~x": "xxx", // function keys
		"\x1bfx\x1b1x\x1b\x7fx":    "xxx", // with Alt
		"\x1b\x1b[A\x1b\r":         "\x1b[A\r",
		"\x1b[\r\x1bä":             "\rä",
		"\x1b[200~x\x1b[201~":      "x",
		"\x1b\x00x":                "x", // ESC, a pause, x
		"\x1b" + "[" + strings.Repeat("1", mostKey-1) + "x": "x",
	} {
		var p keyParser
		var got []byte
		for _, b := range []byte(typed) {
			if b == 0 {
				p.rest()
				continue
			}
			got = append(got, p.parse(b)...)
		}
		if string(got) != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

// typing runs a keyboard, and returns what types on it and what has happened.
func typing(t *testing.T) (k *keyboard, types func(string), happened chan string) {
	from, to := io.Pipe()
	happened = make(chan string, 10)
	k = newKeyboard(from)
	for name, f := range map[string]*func(){"interrupt": &k.interrupt, "suspend": &k.suspend, "leave": &k.leave, "full": &k.full} {
		*f = func() { happened <- name }
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		k.watch()
	}()
	t.Cleanup(func() {
		k.Close()
		to.Close()
		<-over
	})
	return k, func(keys string) { io.WriteString(to, keys) }, happened
}

// TestKeyboard: keys that end things do so while nobody reads, and after the end of the
// input; a Ctrl-D waits a moment for what was typed before.
func TestKeyboard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, types, happened := typing(t)
		begin := time.Now()
		types("one\r\ntwo\n\n\x04\x1a\x03")
		if got := <-happened + <-happened; got != "suspendinterrupt" {
			t.Error(got)
		}
		var buf [100]byte
		for _, want := range []string{"one\r\n", "two\n"} {
			if n, err := k.Read(buf[:]); string(buf[:n]) != want || err != nil {
				t.Errorf("%q, %v, want %q", buf[:n], err, want)
			}
		}
		if got := <-happened; got != "leave" || time.Since(begin) != Farewell {
			t.Errorf("%s after %s", got, time.Since(begin))
		}
		types("\x04")
		if got := <-happened; got != "leave" || time.Since(begin) != Farewell {
			t.Errorf("again: %s after %s", got, time.Since(begin))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		k, types, happened := typing(t)
		types("one\r\x04")
		lines := bufio.NewReader(k)
		lines.ReadString('\r')
		lines.ReadByte() // the editor leaves
		time.Sleep(time.Hour)
		k.Close()
		if _, err := k.Read(nil); err != os.ErrClosed {
			t.Error(err)
		}
		if types("x\x04"); <-happened != "leave" || len(happened) > 0 {
			t.Error("it does not leave once at once")
		}
	})
}

// TestTypedAhead: what is typed ahead has a limit, beyond which Ctrl-C works.
func TestTypedAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, types, happened := typing(t)
		types(strings.Repeat("x", mostAhead+10) + "\x03")
		if got := <-happened + <-happened; got != "fullinterrupt" || len(k.ahead) != mostAhead {
			t.Errorf("%s, %d bytes", got, len(k.ahead))
		}
	})
}
