package gate

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestParseRate(t *testing.T) {
	for text, want := range map[string]Rate{
		"10": {10, time.Second}, "10/s": {10, time.Second}, "1/m": {1, time.Minute}, "600/h": {600, time.Hour},
		"0": {}, "0/h": {}, "1000000000": {mostOften, time.Second},
	} {
		got, err := ParseRate(text)
		if got != want || err != nil {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
		if again, err := ParseRate(got.String()); again != want || err != nil {
			t.Errorf("%q is written as %q, which is %v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "abc", "-1", "+1", "1.5", "1/", "1/d", "1/S", "/s", "1 /s", "1/s/s", "1000000001", "99999999999999999999"} {
		if got, err := ParseRate(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

// TestThrottle: after a pause N messages pass at once, then one in each N-th of a second.
func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttle := Rate{10, time.Second}.Throttle()
		for range 3 {
			began, passed := time.Now(), 0
			for passed < 25 {
				n := throttle.Left()
				throttle.Pass(n)
				passed += n
				throttle.Await(t.Context())
			}
			if took := time.Since(began).Round(time.Millisecond); passed != 25 || took != 1600*time.Millisecond {
				t.Errorf("%d messages and the wait for the next took %s", passed, took)
			}
			time.Sleep(time.Hour)
		}
		if n := throttle.Left(); n != 10 {
			t.Errorf("%d pass after an hour", n)
		}
	})
}

// TestThrottleEnds: the wait ends with its context.
func TestThrottleEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttle := Rate{1, time.Hour}.Throttle()
		throttle.Pass(1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		throttle.Await(ctx)
		if took := time.Since(began); took != time.Second || throttle.Left() != 0 {
			t.Errorf("it took %s, and %d may pass", took, throttle.Left())
		}
	})
	if (Rate{}).Throttle() != nil {
		t.Error("no limit holds something back")
	}
}
