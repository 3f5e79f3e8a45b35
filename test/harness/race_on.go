//go:build race

package harness

// Race says whether this test was built with the race detector.
const Race = true
