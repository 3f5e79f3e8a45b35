package pow

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"syscall"
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

// So does input over HTTP, with what is being written, whatever a message may have: of what has no
// room the client hears so.
func TestWaitingInputOverHTTPIsCounted(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	for flag, size := range map[string]int{"--maxframesize=1048576": mb, "--maxframesize=0": 3 * mb} {
		s := harness.Start(t, harness.PlainBinary(t), "--config="+config(t, deaf), "--pow", "--maxmemory=8MiB", flag)
		a, body := newAPI(t, s, "/pow/"), strings.Repeat("x", size)
		before := harness.PeakMemory(t, s.PID)
		answers := map[int]int{}
		var mu sync.Mutex
		few(4, 40, func(int) {
			id, taken := a.call("sleeps"), false
			for range 2 {
				got, err := a.try("POST", "input/"+id, body)
				for errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) { // it was refused while it was sent
					got, err = a.try("POST", "input/"+id, body)
				}
				if err != nil {
					t.Error(err)
					return
				}
				if got.StatusCode != 200 && (got.StatusCode != 429 || got.Header.Get("Retry-After") != "1") {
					t.Errorf("%d %s", got.StatusCode, got.body)
				}
				taken = taken || got.StatusCode == 200
				mu.Lock()
				answers[got.StatusCode]++
				mu.Unlock()
			}
			if !taken { // a little is
				a.expect("POST", "input/"+id, strings.Repeat("x", 4000), 200, "input sent")
			}
		})
		held := harness.PeakMemory(t, s.PID) - before
		harness.Measured(t, "%s: %d MB more for 40 calls, answers %v", flag, held/mb, answers)
		if held > 60*mb || answers[200] == 0 || answers[429] < 60 {
			t.Errorf("%d MB are held, answers %v", held/mb, answers)
		}
	}
}

// Nothing of a call message, or of a signal, is held once it was understood.
func TestControlMessagesAreForgotten(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	s := harness.Start(t, harness.PlainBinary(t), "--config="+config(t, deaf), "--pow", "--maxmemory=8MiB")
	pad := strings.Repeat("x", 1000<<10)
	padded := func(key, value string) string {
		data, _ := json.Marshal(map[string]string{key: value, "pad": pad})
		return string(data)
	}
	params := make([]string, 10)
	for i := range params {
		params[i] = pad[:100<<10]
	}
	before := harness.PeakMemory(t, s.PID)
	few(2, 100, func(i int) {
		first := []string{padded("call", "sleeps"), message("sleeps", params...)}[i%2]
		var c *call
		for said := timedOut; said == timedOut; { // the machine has kept us from calling within a second
			c = open(t, s)
			c.control(t, first)
			m, err := c.Receive()
			if said = string(m.Data); err != nil || said != timedOut && said != "up\n" {
				t.Errorf("%q, %v", said, err)
			}
		}
		c.control(t, padded("signal", "close"))
	})
	held := harness.PeakMemory(t, s.PID) - before
	harness.Measured(t, "%d MB more for 100 calls, 200 messages", held/mb)
	if held > 80*mb {
		t.Errorf("%d MB are held", held/mb)
	}
}

// A signal after little input is seen, whatever others hold.
func TestSignalWithoutMemory(t *testing.T) {
	t.Parallel()
	s := serve(t, deaf, "--maxmemory=64KiB")
	for range 4 {
		c := begin(t, s, "sleeps")
		c.says(t, "up\n")
		c.FillUp(harness.TextOp, 100<<10, 16<<20)
	}
	c := begin(t, s, "sleeps")
	c.says(t, "up\n")
	c.input(t, strings.Repeat("x", 64<<10))
	c.control(t, signalCancel)
	c.wants(t, "", failed(canceled+" (signal: SIGINT)"))
}
