package terminal

import (
	"errors"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
)

// TestDisplay: nothing in a message controls the terminal.
func TestDisplay(t *testing.T) {
	text := func(data string) bridge.Message { return bridge.Message{Kind: bridge.Text, Data: []byte(data)} }
	piece := bridge.Message{Kind: bridge.Binary, Data: []byte("a\xff"), More: true}
	more := func(data string) bridge.Message {
		return bridge.Message{Kind: bridge.Text, Data: []byte(data), More: true}
	}
	for _, test := range []struct {
		d     Display
		batch []bridge.Message
		want  string
	}{
		{Display{Lines: true, mark: "< "}, []bridge.Message{text("one"), text("")}, "< one\n< \n"},
		{Display{Lines: true, mark: "< "}, []bridge.Message{text("one\r\ntwo\nthree")}, "< one\n  two\n  three\n"},
		{Display{Lines: true}, []bridge.Message{text("one\ntwo")}, "one\ntwo\n"},
		{Display{Lines: true}, []bridge.Message{text("\x1b[2J\a\tä\u009b1m\u202e\r.")}, `\x1b[2J\a` + "\tä" + `\u009b1m\u202e\r.` + "\n"},
		{Display{Lines: true, mark: "< "}, []bridge.Message{piece, text("b")}, `< a\xffb` + "\n"},
		{Display{}, []bridge.Message{text("Name? "), text("\x1b]0;x\n")}, `Name? \x1b]0;x` + "\n"},
		{Display{Lines: true}, []bridge.Message{text("one\r"), text("two")}, "one\ntwo\n"},
		{Display{}, []bridge.Message{more("one\r"), more("\ntwo\r"), more("three\r\r"), more("\n"), more("four\r")}, `one` + "\n" + `two\rthree\r` + "\nfour"},
		{Display{}, []bridge.Message{text("one\r"), text("\n"), text("2%\r"), text("3%")}, "one\n" + `2%\r3%`},
	} {
		var out strings.Builder
		test.d.To = &out
		if err := test.d.Send(test.batch); err != nil || out.String() != test.want {
			t.Errorf("%v is shown as %q, %v; want %q", test.batch, out.String(), err, test.want)
		}
	}
}

// TestDisplayFinishes: the last CR is shown, too.
func TestDisplayFinishes(t *testing.T) {
	var out strings.Builder
	d := Display{To: &out}
	for _, piece := range []string{"a\r\n", "b\r"} {
		if n, err := d.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	for range 2 {
		if err := d.Finish(); err != nil || out.String() != "a\n"+`b\r` {
			t.Errorf("%q, %v", out.String(), err)
		}
	}
}

type broken struct{ error }

func (b broken) Write([]byte) (int, error) { return 0, b.error }

// TestDisplayFails: a terminal that is gone ends the conversation.
func TestDisplayFails(t *testing.T) {
	var failed error
	gone := errors.New("gone")
	d := Display{To: broken{gone}, Fail: func(err error) { failed = err }}
	if err := d.Send(nil); err != gone || failed != gone {
		t.Errorf("%v, failed with %v", err, failed)
	}
}
