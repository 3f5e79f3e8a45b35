package credential

import (
	"slices"
	"testing"
	"time"

	"websocketd/libwebsocketd/gate"
)

// TestTokenTiming: the time of a refusal does not tell how much of a token is right. Tokens
// that are wrong from their first character on, and those of which only the last is wrong,
// take turns, so that both find the machine alike; a second group of the first kind shows what
// difference means nothing.
func TestTokenTiming(t *testing.T) {
	const tries = 100_000
	right := "0123456789abcdef0123456789abcdef0123456789abcdef"
	kind, err := NewToken(written(t, "ann:"+right+"\n"), func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	shown := [3]gate.Proof{bearer("x" + right[1:]), bearer(right[:len(right)-1] + "x"), bearer("y" + right[1:])}
	var took [3][]time.Duration
	for i := range 3 * tries {
		group := (i + i/3) % 3 // none always comes after the same other one
		begun := time.Now()
		_, refusal := kind.Identify(nil, gate.Client{}, shown[group])
		took[group] = append(took[group], time.Since(begun))
		if refusal == nil {
			t.Fatalf("%q is right", shown[group].Secret)
		}
	}
	var medians [3]time.Duration
	for i := range took {
		slices.Sort(took[i])
		medians[i] = took[i][tries/2]
	}
	t.Logf("measured: medians of %d tries: wrong from the first character %v and %v, wrong in the last %v", tries, medians[0], medians[2], medians[1])
	if noise := max((medians[0] - medians[2]).Abs(), medians[0]/10); (medians[0] - medians[1]).Abs() > 3*noise {
		t.Errorf("medians %v differ by more than noise", medians)
	}
}
