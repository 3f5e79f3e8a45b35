package stdio

import (
	"slices"
	"strconv"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/testkit"
)

// answers is how often a message goes there and back in each of four framings, which are read
// alike. An answer that comes between the read that has emptied a descriptor and the wait
// after it must wake the reader.
const answers = 5_000

// TestStayPipe: no answer of a program is overlooked.
func TestStayPipe(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Options{"line": {}, "null": {Framing: FramingNull}, "raw": {Framing: FramingRaw}, "binary": {Binary: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, cfg, "exec cat")
			got := 0
			answer := func(batch []bridge.Message) {
				if got += len(batch); got > answers {
					p.CloseSend(nil)
				} else if err := p.Send(bridgetest.Say(strconv.Itoa(got))); err != nil {
					t.Error(err)
				}
			}
			answer(nil)
			testkit.Within(t, 10*testkit.Patience, "every answer is received", func() { p.ReceiveEach(answer) })
			if got <= answers {
				t.Errorf("%d answers", got)
			}
		})
	}
}

// TestStayClosedOutput: the beginning of a line is delivered when a program closes its
// output, not when it exits.
func TestStayClosedOutput(t *testing.T) {
	t.Parallel()
	p := start(t, Options{}, "echo one; read line; echo two; printf three; exec >&-; read line")
	var got []string
	testkit.Within(t, testkit.Patience, "it is received", func() {
		p.ReceiveEach(func(batch []bridge.Message) {
			got = append(got, bridgetest.Text(batch))
			switch bridgetest.Text(batch) {
			case "one":
				p.Send(bridgetest.Say("go on"))
			case "three":
				p.Send(bridgetest.Say("go on"))
			}
		})
	})
	if joined := slices.Concat(got); len(joined) < 2 || joined[len(joined)-1] != "three" {
		t.Errorf("received %q", got)
	}
}
