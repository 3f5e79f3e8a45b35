package client

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// TestDelays: the pauses double from 1 s to 30 s, between half and all of it, and the
// context ends the trying.
func TestDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		enough, down := errors.New("enough"), errors.New("no network")
		var pauses []time.Duration
		began := time.Now()
		var tries []time.Duration
		_, err := Dial(ctx, "ws://a.example/", &Options{
			Insist: true,
			Dial: func(context.Context, string, string) (net.Conn, error) {
				tries = append(tries, time.Since(began))
				return nil, down
			},
			Lost: func(reason error, again time.Duration) {
				if !errors.Is(reason, down) {
					t.Error(reason)
				}
				if pauses = append(pauses, again); len(pauses) == 10 {
					cancel(enough)
				}
			},
		})
		if err != enough || len(tries) != 10 {
			t.Fatalf("%v after %d tries", err, len(tries))
		}
		at, want := time.Duration(0), time.Second
		for i, pause := range pauses {
			if pause < want/2 || pause > want {
				t.Errorf("pause %d is %s of %s", i, pause, want)
			}
			if tries[i] != at {
				t.Errorf("try %d came after %s, not %s", i, tries[i], at)
			}
			at += pause
			want = min(2*want, 30*time.Second)
		}
	})
}

// TestDelaysDiffer: clients that are lost together do not come back together.
func TestDelaysDiffer(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 100 {
		d := delay{first: time.Second, most: time.Minute}
		seen[d.next()] = true
	}
	if len(seen) < 90 {
		t.Errorf("%d pauses of 100 clients", len(seen))
	}
}

// TestDelayBeginsAgain: a success is the end of all failures.
func TestDelayBeginsAgain(t *testing.T) {
	d := delay{first: time.Second, most: 30 * time.Second}
	for range 10 {
		d.next()
	}
	d.reset()
	if pause := d.next(); pause > time.Second {
		t.Errorf("after a success the first pause is %s", pause)
	}
}
