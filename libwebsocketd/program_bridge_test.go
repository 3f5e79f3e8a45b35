package libwebsocketd

import (
	"errors"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/stdio"
)

// TestGives: what kind a program's messages are, and whether they are lines, or pieces
// of no meaning.
func TestGives(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		settings      Settings
		gives         bridge.Kind
		lines, pieces bool
	}{
		{Settings{}, bridge.Text, true, false},
		{Settings{Framing: stdio.FramingLine}, bridge.Text, true, false},
		{Settings{Binary: true}, bridge.Binary, false, true},
		{Settings{Framing: stdio.FramingRaw}, bridge.Text, false, true},
		{Settings{Framing: stdio.FramingNull}, bridge.Text, false, false},
		{Settings{Framing: stdio.FramingLength}, bridge.Binary, false, false},
		{Settings{Framing: stdio.FramingLSP}, bridge.Text, false, false},
		{Settings{Framing: stdio.FramingNDJSON}, bridge.Text, false, false},
	} {
		p := Program{Settings: test.settings}
		if p.Gives() != test.gives || p.Lines() != test.lines || p.Pieces() != test.pieces {
			t.Errorf("framing %q, binary %v: kind %d, lines %v, pieces %v; want %d, %v, %v",
				p.Framing, p.Binary, p.Gives(), p.Lines(), p.Pieces(), test.gives, test.lines, test.pieces)
		}
	}
}

// TestTakes: which kinds of messages the clients of a program may send, and how one of
// the other kind ends the conversation; 0 is that it is ignored.
func TestTakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		program Program
		kinds   bridge.Kind
		code    int
	}{
		{Program{}, bridge.Text, 0},
		{Program{Settings: Settings{Framing: stdio.FramingLine}}, bridge.Text, 0},
		{Program{Settings: Settings{Binary: true}}, bridge.Binary, 0},
		{Program{Settings: Settings{Framing: stdio.FramingRaw}}, bridge.BothKinds, 0},
		{Program{Settings: Settings{Framing: stdio.FramingNull}}, bridge.BothKinds, 0},
		{Program{Settings: Settings{Framing: stdio.FramingLength}}, bridge.BothKinds, 0},
		{Program{Settings: Settings{Framing: stdio.FramingLSP}}, bridge.Text, 1003},
		{Program{Settings: Settings{Framing: stdio.FramingNDJSON}}, bridge.Text, 1003},
	} {
		o := test.program.clientOptions()
		code := 0
		if o.Other != nil {
			refused := new(bridge.RefusedError)
			if err := o.Other(); !errors.As(err, &refused) {
				t.Errorf("%+v: %v is no refusal", test.program, err)
			}
			code = refused.Code
		}
		if o.Takes != test.kinds || code != test.code {
			t.Errorf("framing %q, binary %v: kinds %d, code %d; want %d, %d", test.program.Framing, test.program.Binary, o.Takes, code, test.kinds, test.code)
		}
	}
}
