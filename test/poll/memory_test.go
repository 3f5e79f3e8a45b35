package poll

import (
	"strings"
	"testing"

	"websocketd/test/harness"
)

// Answers of a long poll that their clients do not take count against --maxmemory: of what has no
// room the client hears so, and gets it when the others have left.
func TestPollIsCounted(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	s := harness.Start(t, harness.PlainBinary(t), "--maxmemory=32MiB", "--shared", "sh", "-c", `head -c 1000000 /dev/zero | tr "\0" "\1"; echo; exec cat`)
	s.Connect(t).Receive() // six times as much as JSON
	get := func() *answer {
		return ask(t, request(t, s, "GET", "/?wait=0s&after=0", nil, "Accept: application/json"))
	}
	before := harness.PeakMemory(t, s.PID)
	var standing []*answer
	answers := map[int]int{}
	for range 40 {
		a := get()
		answers[a.StatusCode]++
		if a.StatusCode == 200 {
			standing = append(standing, a)
		} else if body := a.rest(); a.StatusCode != 503 || a.Header.Get("Retry-After") != "1" || !strings.Contains(body, "--maxmemory") {
			t.Errorf("%d %v: %s", a.StatusCode, a.Header, body)
		}
	}
	held := harness.PeakMemory(t, s.PID) - before
	harness.Measured(t, "%d MB more for 40 polls, answers %v", held/mb, answers)
	if answers[200] == 0 || answers[503] < 30 || held > 150*mb {
		t.Errorf("%d MB are held, answers %v", held/mb, answers)
	}
	for _, a := range standing {
		a.Body.Close()
	}
	harness.Until(t, "there is room again", func() bool {
		a := get()
		return len(a.rest()) > 6_000_000 && a.StatusCode == 200
	})
}
