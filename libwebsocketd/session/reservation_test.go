package session

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// TestPromise: what a page is promised is good once, within an hour, at its path, and of
// the server that signed it.
func TestPromise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReservations()
		p, used, late := r.reserve("/a"), r.reserve("/a"), r.reserve("/a")
		for what, forged := range map[string]pass{
			"no time":      {id: p.id, secret: p.secret},
			"more time":    {id: p.id, secret: p.secret, until: strconv.FormatInt(time.Now().Add(2*reservationTime).Unix(), 36)},
			"other id":     {id: used.id, secret: p.secret, until: p.until},
			"no secret":    {id: p.id, until: p.until},
			"other secret": {id: p.id, secret: p.secret[1:], until: p.until},
			"nothing":      {},
		} {
			if r.isOpen("/a", &forged) {
				t.Errorf("%s: it is good", what)
			}
		}
		if !r.isOpen("/a", &p) || r.isOpen("/", &p) || r.isOpen("/a/b", &p) || newReservations().isOpen("/a", &p) {
			t.Error("it is good elsewhere")
		}
		r.use(used.id)
		if r.isOpen("/a", &used) {
			t.Error("it is good twice")
		}
		time.Sleep(reservationTime)
		if !r.isOpen("/a", &late) || r.isOpen("/a", &used) {
			t.Error("within its time it is as good as before")
		}
		time.Sleep(time.Minute + time.Second)
		if r.isOpen("/a", &late) || r.isOpen("/a", &used) {
			t.Error("it is good after its time")
		}
	})
}

// TestMostPromises: what was used is remembered as long as it must be, and no promise is
// good while there are too many. That ends with time, whatever was asked meanwhile.
func TestMostPromises(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReservations()
		first := r.reserve("/")
		r.use(first.id)
		for i := range mostUsed - 2 {
			r.use(strconv.Itoa(i))
		}
		p := r.reserve("/")
		if !r.isOpen("/", &p) {
			t.Error("there is room for one more")
		}
		r.use("one more")
		for range 60 {
			if p = r.reserve("/"); r.isOpen("/", &p) || r.isOpen("/", &first) {
				t.Fatal("there are too many")
			}
			time.Sleep(time.Minute)
		}
		time.Sleep(2*time.Minute + time.Second)
		if p = r.reserve("/"); !r.isOpen("/", &p) || len(r.used) != 0 {
			t.Errorf("an hour later %d are remembered", len(r.used))
		}
	})
}
