package cli

import "testing"

// TestGarbagePercent: as much garbage as there is in use, while that is little.
func TestGarbagePercent(t *testing.T) {
	for used, want := range map[uint64]int{0: 100, 4 << 20: 100, mostGarbage: 100, 2 * mostGarbage: 50, 1 << 40: leastPercent} {
		if got := garbagePercent(used); got != want {
			t.Errorf("%d bytes in use: %d percent, want %d", used, got, want)
		}
	}
}
