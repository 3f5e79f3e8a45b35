package pow

import (
	"testing"

	"websocketd/test/harness"
)

// Input that waits for processes that do not read it counts against --maxmemory: of a hundred
// clients that send all they can, little is held.
func TestWaitingInputIsCounted(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	s := harness.Start(t, harness.PlainBinary(t), "--config="+config(t, deaf), "--pow", "--maxmemory=8MiB")
	before := harness.PeakMemory(t, s.PID)
	few(20, 100, func(int) {
		c := begin(t, s, "sleeps")
		c.says(t, "up\n")
		c.FillUp(harness.TextOp, 30<<10, 16*mb)
	})
	held := harness.PeakMemory(t, s.PID) - before
	harness.Measured(t, "%d MB more for 100 calls", held/mb)
	if held > 80*mb {
		t.Errorf("%d MB are held", held/mb)
	}
}
