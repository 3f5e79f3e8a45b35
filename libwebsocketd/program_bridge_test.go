package libwebsocketd

import (
	"errors"
	"testing"
)

// TestTakes: which kinds of messages the clients of a program may send, and how one of
// the other kind ends the conversation; 0 is that it is ignored.
func TestTakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		program Program
		kinds   Kind
		code    int
	}{
		{Program{}, Text, 0},
		{Program{Framing: FramingLine}, Text, 0},
		{Program{Binary: true}, Binary, 0},
		{Program{Framing: FramingRaw}, bothKinds, 0},
		{Program{Framing: FramingNull}, bothKinds, 0},
		{Program{Framing: FramingLength}, bothKinds, 0},
		{Program{Framing: FramingLSP}, Text, 1003},
		{Program{Framing: FramingNDJSON}, Text, 1003},
	} {
		o := test.program.clientOptions()
		code := 0
		if o.Other != nil {
			refused := new(RefusedError)
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
