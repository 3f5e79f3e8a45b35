package gate

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

var ann = Identity{User: "ann", Proof: "Bearer", kind: "token"}

// TestTicket: a ticket proves who a client is once, within 30 seconds.
func TestTicket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLogins()
		a, b, late := l.Ticket(ann, ""), l.Ticket(ann, ""), l.Ticket(ann, "")
		for _, wrong := range []string{"", a + "x", a[:len(a)-1]} {
			if _, ok := l.Redeem(wrong, "", false); ok {
				t.Errorf("%q is good", wrong)
			}
		}
		if who, ok := l.Redeem(a, "", true); !ok || who.User != "ann" || who.kind != "token" {
			t.Errorf("kept: %v %v", who, ok)
		}
		if _, ok := l.Redeem(a, "", false); !ok {
			t.Error("it is not good")
		}
		if _, ok := l.Redeem(a, "", false); ok {
			t.Error("it is good twice")
		}
		if _, ok := l.Find(b); ok {
			t.Error("a ticket is no login")
		}
		time.Sleep(TicketTime - time.Nanosecond)
		if _, ok := l.Redeem(b, "", false); !ok {
			t.Error("it is not good any more")
		}
		time.Sleep(time.Nanosecond)
		if _, ok := l.Redeem(late, "", false); ok || len(l.tickets.all) != 0 || len(l.tickets.held) != 0 || l.tickets.order.Len() != 0 {
			t.Error("it is good after its time, or still kept")
		}
	})
}

// TestBond: a ticket for one thing is no ticket for another, nor for everything, and is not
// used up by trying.
func TestBond(t *testing.T) {
	t.Parallel()
	l := NewLogins()
	bound, free := l.Ticket(ann, "/a"), l.Ticket(ann, "")
	for _, try := range []struct{ ticket, bond string }{{bound, ""}, {bound, "/b"}, {free, "/a"}} {
		if _, ok := l.Redeem(try.ticket, try.bond, false); ok {
			t.Errorf("it is good for %q", try.bond)
		}
	}
	if _, ok := l.Redeem(bound, "/a", false); !ok {
		t.Error("it is not good")
	}
}

// TestMostTickets: a user has so many tickets, and all users together; a further one
// replaces the oldest.
func TestMostTickets(t *testing.T) {
	t.Parallel()
	l := NewLogins()
	others, oldest, second := l.Ticket(Identity{User: "bob"}, ""), l.Ticket(ann, ""), l.Ticket(ann, "")
	for range mostOfUser - 1 {
		l.Ticket(ann, "")
	}
	good := func(ticket string) bool {
		_, ok := l.Redeem(ticket, "", true)
		return ok
	}
	if good(oldest) || !good(second) || !good(others) || len(l.tickets.all) != mostOfUser+1 {
		t.Errorf("%d are kept", len(l.tickets.all))
	}
	for i := range mostRemembered {
		l.Ticket(Identity{}, strconv.Itoa(i))
	}
	if good(others) || good(second) || len(l.tickets.all) != mostRemembered || len(l.tickets.held) != mostRemembered {
		t.Errorf("%d are kept of %d holders", len(l.tickets.all), len(l.tickets.held))
	}
}

// TestLogin: a login is good until it was not used for 12 hours, or is ended.
func TestLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLogins()
		a, b := l.Begin(ann), l.Begin(ann)
		for range 3 {
			time.Sleep(LoginTime - time.Nanosecond)
			if who, ok := l.Find(a); !ok || who.User != "ann" {
				t.Error("it is not good")
			}
		}
		if _, ok := l.Find(b); ok || len(l.logins.all) != 1 {
			t.Error("one that is not used is good")
		}
		if _, ok := l.Redeem(a, "", false); ok {
			t.Error("a login is no ticket")
		}
		l.End(a)
		l.End(a)
		if _, ok := l.Find(a); ok || len(l.logins.all) != 0 || l.logins.order.Len() != 0 {
			t.Error("one that was ended is good")
		}
	})
}

// TestMostLogins: a user has so many, and all users together; a further one replaces the
// one that was not used for the longest time.
func TestMostLogins(t *testing.T) {
	t.Parallel()
	l := NewLogins()
	others, used, unused := l.Begin(Identity{User: "bob"}), l.Begin(ann), l.Begin(ann)
	for range mostOfUser - 2 {
		l.Begin(ann)
	}
	good := func(secret string) bool {
		_, ok := l.Find(secret)
		return ok
	}
	good(used)
	l.Begin(ann)
	if good(unused) || !good(used) || len(l.logins.all) != mostOfUser+1 {
		t.Errorf("of one user %d are kept", len(l.logins.all))
	}
	for range 2 * mostRemembered {
		l.Begin(ann)
	}
	if !good(others) || len(l.logins.all) != mostOfUser+1 || len(l.logins.held["ann"]) != mostOfUser {
		t.Errorf("one user has taken away what others have: %d are kept", len(l.logins.all))
	}
	for i := range mostRemembered {
		l.Begin(Identity{User: strconv.Itoa(i)})
	}
	if good(others) || len(l.logins.all) != mostRemembered || l.logins.order.Len() != mostRemembered || len(l.logins.held) != mostRemembered {
		t.Errorf("of all users %d are kept", len(l.logins.all))
	}
}
