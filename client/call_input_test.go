package client

import (
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// TestCallInput: however text is cut, it comes as it is, in messages that every server takes,
// each of whole characters.
func TestCallInput(t *testing.T) {
	t.Parallel()
	s, address := newCalls(t, func(c *websocket.Conn, next func() (string, bool)) {
		for m, ok := next(); ok && m != "<"+signalClose+">"; m, ok = next() {
		}
		fulfill(c, "null")
	})
	c, err := StartCall(t.Context(), address, "x", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	for text.Len() < 1<<20 {
		text.WriteString([]string{"a", "\n", "ü", "€", "😀"}[random.IntN(5)])
	}
	for rest := []byte(text.String()); len(rest) > 0; {
		n := min(len(rest), []int{0, 1, 2, 5, 2047, 2048, 2049, 100000}[random.IntN(8)])
		if got, err := c.Write(rest[:n]); got != n || err != nil {
			t.Fatal(got, err)
		}
		rest = rest[n:]
	}
	if err := c.CloseInput(); err != nil {
		t.Error(err)
	}
	if _, err := c.Result(); err != nil {
		t.Error(err)
	}
	heard := s.took()
	if got := strings.Join(heard[:len(heard)-1], ""); got != text.String() {
		t.Errorf("%d bytes have come, other than the %d written", len(got), text.Len())
	}
	if slices.ContainsFunc(heard, func(m string) bool { return !utf8.ValidString(m) || m == "" }) || s.texts > mostPiece {
		t.Errorf("a message is no text, or empty; the largest has %d bytes", s.texts)
	}
}

// TestCallInputIsText: input that is not UTF-8 is an error, and nothing of it is sent.
func TestCallInputIsText(t *testing.T) {
	t.Parallel()
	for _, writes := range [][]string{{"a\xff"}, {"a", "\x80"}, {"a\xe2", "\x82x"}, {"a\xf0\x9f\x98", ""}, {"a\xc3"}} {
		s, address := newCalls(t, func(c *websocket.Conn, next func() (string, bool)) {
			for m, ok := next(); ok && m != "<"+signalClose+">"; m, ok = next() {
			}
			fulfill(c, "null")
		})
		c, err := StartCall(t.Context(), address, "x", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range writes {
			if err == nil {
				_, err = io.WriteString(c, w)
			}
		}
		if err == nil {
			err = c.CloseInput()
		}
		if err != ErrNotText {
			t.Errorf("%q: %v", writes, err)
		}
		c.signal(signalClose)
		if _, err := c.Result(); err != nil {
			t.Error(err)
		}
		if got := strings.Join(s.took(), " "); strings.TrimPrefix(got, "a ") != "<"+signalClose+">" {
			t.Errorf("%q: %q has come", writes, got)
		}
	}
}
