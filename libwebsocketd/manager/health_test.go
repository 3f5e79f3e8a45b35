package manager

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// beats has a process checked whose checks end as results says, one letter each: + and -, and
// a capital T for a failure that takes 5 seconds. It returns when each began, and what was known then.
func beats(t *testing.T, c Check, results string) (got []string) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		began, full := time.Now(), c.complete(DefaultInterval)
		n := 0
		check := func(context.Context) CheckResult {
			result := results[n]
			n++
			got = append(got, fmt.Sprint(time.Since(began).Milliseconds()))
			if result == 'T' {
				<-time.After(5 * time.Second)
			}
			return CheckResult{OK: result == '+'}
		}
		newPulse(full, min(full.Interval, firstInterval)).follow(ctx, check, func(health Health, _ CheckResult) bool {
			got[len(got)-1] += map[Health]string{HealthUnknown: "?", HealthHealthy: "+", HealthUnhealthy: "-"}[health]
			return health != HealthUnhealthy && n < len(results)
		})
	})
	return got
}

// TestPulse: when checks come, and when so many have failed in a row that a process is unhealthy.
func TestPulse(t *testing.T) {
	for _, test := range []struct {
		check         Check
		results, want string
	}{
		{Check{}, "++-+--+---+", "0+ 30000+ 60000+ 90000+ 120000+ 150000+ 180000+ 210000+ 240000+ 270000-"},
		{Check{Interval: 2 * time.Second, Retries: 1}, "+-", "0+ 2000-"},
		{Check{Interval: 2 * time.Second}, "--+---", "0? 1000? 2000+ 4000+ 6000+ 8000-"}, // not yet healthy: each second
		{Check{Interval: 2 * time.Second, Retries: 2}, "-----", "0? 1000? 2000? 3000? 4000-"},
		{Check{Interval: 200 * time.Millisecond, Retries: 2}, "---+", "0? 200? 400-"},
		{Check{Interval: 8 * time.Second, Retries: 2}, "+TT", "0+ 8000+ 16000-"},        // from begin to begin
		{Check{Interval: 2 * time.Second, Retries: 3}, "+TTT", "0+ 2000+ 7000+ 12000-"}, // one at a time
	} {
		if got := strings.Join(beats(t, test.check, test.results), " "); got != test.want {
			t.Errorf("%+v %s:\ngot  %s\nwant %s", test.check, test.results, got, test.want)
		}
	}
}

// TestPulseUnknown: of a process that was never healthy, failures count each interval only.
func TestPulseUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPulse((&Check{Interval: 3 * time.Second, Retries: 2}).complete(0), time.Second)
		var got []Health
		for range 7 {
			got = append(got, p.beat(false))
			<-time.After(time.Second)
		}
		if text := fmt.Sprint(got); text != "[unknown unknown unknown unknown unknown unknown unhealthy]" {
			t.Error(text)
		}
	})
}

// TestFollowMemory: the first figure above the limit ends it.
func TestFollowMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, figures := time.Now(), []int64{0, 100, 101, 500}
		n := 0
		followMemory(context.Background(), 100, func() int64 { n++; return figures[n-1] }, func(used int64) {
			if used != 101 || time.Since(began) != 3*memoryInterval {
				t.Errorf("%d after %v", used, time.Since(began))
			}
		})
		if n != 3 {
			t.Errorf("%d figures", n)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		followMemory(ctx, 100, func() int64 { return 100 }, func(int64) { t.Error("100 is not above 100") })
	})
	for n, want := range map[int64]string{0: "0B", 1023: "1023B", 1024: "1.0K", 100 << 20: "100.0M", 3 << 29: "1.5G", 1 << 52: "4096.0T"} {
		if got := sizeOf(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

// TestAwait: what has happened in time is not late, however late that is looked at.
func TestAwait(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	never, is := make(chan struct{}), make(chan struct{})
	close(is)
	for range 100 {
		if got := await(ctx, is, "late"); got != "" {
			t.Fatal(got)
		}
	}
	if got := await(ctx, never, "late"); got != "late" {
		t.Error(got)
	}
}
