package session

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestTicket: a ticket opens a session once, within 30 seconds.
func TestTicket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var k keys
		a, b, late := k.newTicket(), k.newTicket(), k.newTicket()
		if k.use("") || k.use(a+"x") || k.use(a[:len(a)-1]) || k.opens(a) {
			t.Error("no ticket is good")
		}
		if !k.use(a) || k.use(a) {
			t.Error("it is good once")
		}
		time.Sleep(TicketTime - time.Nanosecond)
		if !k.use(b) {
			t.Error("it is not good any more")
		}
		time.Sleep(time.Nanosecond)
		if k.use(late) {
			t.Error("it is good after its time")
		}
		if k.use(late) || len(k.tickets) != 0 {
			t.Error("it is still kept")
		}
	})
}

// TestMostTickets: there are so many tickets at once; a further one replaces the oldest.
func TestMostTickets(t *testing.T) {
	t.Parallel()
	var k keys
	oldest, second := k.newTicket(), k.newTicket()
	for range mostTickets - 1 {
		k.newTicket()
	}
	if k.use(oldest) || !k.use(second) || len(k.tickets) != mostTickets-1 {
		t.Errorf("%d are left", len(k.tickets))
	}
}

// TestMostSecrets: a session has so many secrets; a further one replaces the oldest, but
// never that of whoever made it. What it keeps does not grow.
func TestMostSecrets(t *testing.T) {
	t.Parallel()
	var k keys
	maker, first, last := newSecret(), newSecret(), newSecret()
	k.add(maker)
	k.add(first)
	for range 10 * mostSecrets {
		k.add(newSecret())
	}
	k.add(last)
	if !k.opens(maker) || k.opens(first) || !k.opens(last) || k.opens("") || k.opens(maker+"x") {
		t.Error("wrong secrets are good")
	}
	if len(k.secrets) != mostSecrets || cap(k.secrets) > 2*mostSecrets {
		t.Errorf("%d are kept, in room for %d", len(k.secrets), cap(k.secrets))
	}
	if maker == first || len(maker) != 43 {
		t.Errorf("a secret is %q", maker)
	}
}
