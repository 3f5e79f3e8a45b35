package shared

import (
	"testing"

	"websocketd/test/harness"
)

// Of what a program says in answer to one viewer, another has had each line before
// the next one is asked for, while a third has stood still for long: what is between
// them is one line, never a buffer.
func TestStandingStillIsNobodyElsesDelay(t *testing.T) {
	t.Parallel()
	s := start(t, "--history=64K", "cat")
	still, asks, sees := stall(t, s), s.Connect(t), s.Connect(t)
	for n := range 3000 {
		line := filled(n)
		asks.Echo(t, line)
		sees.Expect(t, line)
	}
	if end := still.Each(t, func(harness.Message) {}); end.Code != 1013 {
		t.Errorf("the one who stood still: %v", end)
	}
}

// filled is a line of 2 KB, so that a few thousand are more than the systems between
// the server and a client keep.
func filled(n int) string {
	line := make([]byte, 2<<10)
	for i := range line {
		line[i] = byte('a' + (n+i)%26)
	}
	return string(line)
}
