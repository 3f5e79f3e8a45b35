package gate

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func byPassword(user, password string) Proof {
	return Proof{Scheme: "Basic", User: user, Secret: password}
}

func TestMemoryForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory[string](2)
		holds := func(user string) bool {
			value, ok := m.Get(byPassword(user, "x"))
			return ok && value == user
		}
		put := func(user string, keep time.Duration) { m.Put(byPassword(user, "x"), user, keep) }
		put("ada", time.Minute)
		time.Sleep(time.Minute - time.Second)
		if !holds("ada") {
			t.Error("ada is forgotten too early")
		}
		time.Sleep(time.Second)
		if holds("ada") {
			t.Error("ada is not forgotten")
		}
		put("bob", time.Hour)
		put("eve", time.Minute) // there is room: ada is too old
		if !holds("bob") || !holds("eve") {
			t.Error("what is too old takes room")
		}
		put("fay", time.Hour)
		if !holds("bob") || holds("eve") || !holds("fay") {
			t.Error("another one was forgotten than the one that is next")
		}
		put("fay", time.Hour)
		if !holds("bob") {
			t.Error("the same one twice takes room twice")
		}
	})
}

// Every part of a proof counts, and where it ends.
func TestMemoryOfAnotherProof(t *testing.T) {
	m := NewMemory[bool](10)
	m.Put(byPassword("ada", "secret"), true, time.Hour)
	for _, shown := range []Proof{byPassword("adas", "ecret"), byPassword("ada", "secre"), byPassword("", "adasecret"), {Scheme: "Bearer", User: "ada", Secret: "secret"}} {
		if _, ok := m.Get(shown); ok {
			t.Errorf("%+v is remembered", shown)
		}
	}
	if one, other := NewMACs(), NewMACs(); one.Of("ada") == other.Of("ada") {
		t.Error("two servers have one key")
	}
}

func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := NewTurns(2, 3)
		results := make(chan *Refusal)
		take := func(ctx context.Context) { go func() { results <- turns.Take(ctx) }() }
		ctx, cancel := context.WithCancel(t.Context())
		for range 2 {
			take(t.Context())
			if r := <-results; r != nil {
				t.Error(r)
			}
		}
		take(ctx)
		synctest.Wait()
		take(t.Context())
		take(t.Context())
		synctest.Wait()
		take(t.Context()) // one too many
		if r := <-results; r == nil || r.Status != 503 || r.RetryAfter != 1 {
			t.Error(r)
		}
		cancel()
		if r := <-results; r == nil || r.Status != 503 {
			t.Error("a client that left has a turn")
		}
		turns.Done()
		if r := <-results; r != nil {
			t.Error(r)
		}
		turns.Done()
		if r := <-results; r != nil {
			t.Error(r)
		}
		turns.Done()
		turns.Done()
		if fmt.Sprint(len(turns.taken), turns.waiting.Load()) != "0 0" {
			t.Error("turns are lost")
		}
	})
}
