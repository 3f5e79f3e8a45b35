package gate

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how often something may happen: N times in each Per, and after a pause N times at
// once. The zero value is no limit.
type Rate struct {
	N   int
	Per time.Duration
}

var ratePeriods = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

var errRate = errors.New("not a rate, which is a number a second, like 10, or one with a unit, 10/s, 10/m, 10/h; 0 is no limit")

// mostOften is the largest N.
const mostOften = 1_000_000_000

// ParseRate returns the rate in a text: N or N/s, N/m, N/h. "0" is no limit.
func ParseRate(text string) (Rate, error) {
	number, unit, divided := strings.Cut(text, "/")
	per, known := ratePeriods[unit]
	if !divided {
		per, known = time.Second, true
	}
	n, err := strconv.ParseUint(number, 10, 63)
	switch {
	case err != nil || !known:
		return Rate{}, errRate
	case n > mostOften:
		return Rate{}, fmt.Errorf("must be at most %d", mostOften)
	case n == 0:
		return Rate{}, nil
	}
	return Rate{N: int(n), Per: per}, nil
}

// Check returns an error if the rate is neither zero nor possible.
func (r Rate) Check() error {
	if r != (Rate{}) && (r.N <= 0 || r.Per <= 0) {
		return fmt.Errorf("%d in %s is no rate", r.N, r.Per)
	}
	return nil
}

// String returns the rate as ParseRate reads it.
func (r Rate) String() string {
	for unit, per := range ratePeriods {
		if per == r.Per {
			return strconv.Itoa(r.N) + "/" + unit
		}
	}
	return "0"
}

// limiter returns a full bucket of N tokens, to which N come back in each Per.
func (r Rate) limiter() *rate.Limiter {
	return rate.NewLimiter(rate.Limit(float64(r.N)/r.Per.Seconds()), r.N)
}

// lack returns how long it takes until a bucket has a token; 0 if it has one.
func lack(bucket *rate.Limiter) time.Duration {
	missing := 1 - bucket.Tokens()
	if missing <= 0 {
		return 0
	}
	return max(time.Duration(missing/float64(bucket.Limit())*float64(time.Second)), 1)
}

// Throttle holds the messages of one client back to a Rate. It belongs to one goroutine.
type Throttle struct{ bucket *rate.Limiter }

// Throttle returns a new one; nil if the Rate is no limit.
func (r Rate) Throttle() *Throttle {
	if r == (Rate{}) {
		return nil
	}
	return &Throttle{r.limiter()}
}

// Left returns how many messages may pass now.
func (t *Throttle) Left() int { return int(t.bucket.Tokens()) }

// Pass counts n messages, no more than Left returned.
func (t *Throttle) Pass(n int) { t.bucket.AllowN(time.Now(), n) }

// Await returns when a message may pass, or ctx is done.
func (t *Throttle) Await(ctx context.Context) { awaitToken(ctx, t.bucket) }

// awaitToken returns when a bucket has a token, or ctx is done. It takes none, and reserves none:
// who reserves one and leaves does not free it for those who have reserved later ones.
func awaitToken(ctx context.Context, bucket *rate.Limiter) {
	for wait := lack(bucket); wait > 0 && ctx.Err() == nil; wait = lack(bucket) {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}
