// Package session tests through the real binary what outlives a connection: a client
// that is cut off again and again goes on where it was.
//
// In make test a client is cut off twenty times. make cuts is the long run, with a
// hundred cuts in a minute of lines (CUTS=1000 for more); SEED=N repeats a run's
// random choices.
package session

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// cuts returns how often a client is cut off, and how many lines come in between on
// average.
func cuts(t *testing.T) (n, gap int) {
	t.Helper()
	switch n, err := strconv.Atoi(os.Getenv("CUTS")); {
	case os.Getenv("CUTS") == "":
		return 20, 60
	case err != nil || n < 1:
		t.Fatalf("CUTS=%s is no number of cuts", os.Getenv("CUTS"))
		return 0, 0
	default:
		return n, 600
	}
}

// random returns a source of choices that SEED repeats.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if n, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// counting returns the command of a program that prints a numbered line every
// millisecond. Its next input makes one more line the last, and then it ends with
// status 3.
func counting(t *testing.T) []string {
	t.Helper()
	return []string{harness.Child(t), "count", "-now", "-until", "-every=1ms", "-pad=20", "-status=3"}
}
