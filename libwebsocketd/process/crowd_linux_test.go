package process

import (
	"runtime"
	"testing"
)

func TestCrowd(t *testing.T) {
	for _, test := range []struct {
		threads, processors int
		want                float64
	}{{0, 2, 1}, {1, 2, 1}, {2, 2, 1}, {5, 2, 2.5}, {1000, 2, mostCrowd}} {
		if got := crowdOf(test.threads, test.processors); got != test.want {
			t.Errorf("%d threads, %d processors: %v, not %v", test.threads, test.processors, got, test.want)
		}
	}
	if n := online(); n < runtime.NumCPU() {
		t.Errorf("%d processors", n)
	}
	if runnable() < 1 { // this test runs
		t.Error("nobody wants a processor")
	}
	if got := Crowd(); got < 1 || got > mostCrowd {
		t.Errorf("%v", got)
	}
}
