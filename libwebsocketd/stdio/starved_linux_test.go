package stdio

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestLeftBehindAndStarved: background children that could not run since the program's
// exit have not been silent. They are given longer than others.
func TestLeftBehindAndStarved(t *testing.T) {
	t.Parallel()
	const busy = "while :; do :; done"
	hog := start(t, Options{}, busy)
	p := start(t, Options{}, busy+" & echo $!; read line; exit 3")
	batch, err := p.Receive()
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(batch[0].Data)))
	if err != nil {
		t.Fatal(err)
	}
	testkit.Starve(t, child, hog.proc.Pid)
	if err := p.Send(bridgetest.Say("go")); err != nil {
		t.Fatal(err)
	}
	p.mustEndBy(t, "starved", drainIdle+2*time.Second, testkit.Patience)
}
