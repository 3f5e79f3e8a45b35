package session

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/shared"
)

// enter adds a session without a process to a registry.
func enter(t *testing.T, r *Registry) (*Session, *gate.Refusal) {
	t.Helper()
	x := &Session{ID: newID(), registry: r, log: slog.New(slog.DiscardHandler)}
	x.life.Store(&Lifetime{})
	return x, r.add(x, func() {
		x.hub = shared.NewHub(shared.HubOptions{Hold: true, Context: t.Context(), Gone: func() {}})
	})
}

func numbers(r *Registry) (all []uint64) {
	for x := range r.All() {
		all = append(all, x.Number)
	}
	return all
}

// TestNumbers: sessions are numbered from 1, a number is not given away twice, and when
// the last session is gone they begin with 1 again.
func TestNumbers(t *testing.T) {
	t.Parallel()
	r := NewRegistry(0)
	var all []*Session
	for range 3 {
		x, _ := enter(t, r)
		all = append(all, x)
	}
	all[1].End()
	all[1].End() // counts once
	x, _ := enter(t, r)
	if got := numbers(r); !slices.Equal(got, []uint64{1, 3, 4}) || x.Number != 4 || r.Len() != 3 {
		t.Errorf("%d sessions: %v", r.Len(), got)
	}
	for _, x := range []*Session{all[0], all[2], x} {
		x.End()
	}
	if x, _ := enter(t, r); x.Number != 1 {
		t.Errorf("after all were gone: number %d", x.Number)
	}
	all[0].End() // an old one does not end a new one
	if r.Len() != 1 {
		t.Error("the new one is gone")
	}
}

// TestFind: a session is found by its id and by its number, in whatever registry it is.
func TestFind(t *testing.T) {
	t.Parallel()
	r := NewRegistry(0)
	a, _ := enter(t, r)
	b, _ := enter(t, r)
	for name, want := range map[string]*Session{
		a.ID: a, b.ID: b, "1": a, "2": b,
		"": nil, "0": nil, "3": nil, "-1": nil, "1 ": nil, "0x1": nil, a.ID[1:]: nil, "99999999999999999999999": nil,
	} {
		if got := r.Find(name); got != want {
			t.Errorf("Find(%q) = %v", name, got)
		}
	}
}

// TestLimit: the one too many is refused. It costs no number.
func TestLimit(t *testing.T) {
	t.Parallel()
	r := NewRegistry(2)
	a, _ := enter(t, r)
	b, _ := enter(t, r)
	_, refusal := enter(t, r)
	if refusal == nil || refusal.Status != http.StatusTooManyRequests || refusal.RetryAfter == 0 {
		t.Fatalf("%v", refusal)
	}
	same := &Session{ID: a.ID, registry: r}
	if refusal := r.add(same, func() {}); refusal != taken {
		t.Errorf("the id of another: %v", refusal)
	}
	r.SetLimit(1)
	b.End()
	if _, refusal := enter(t, r); refusal == nil {
		t.Error("over the new limit")
	}
	r.SetLimit(-1)
	if x, refusal := enter(t, r); refusal != nil || x.Number != 3 {
		t.Errorf("%v, %v", x, refusal)
	}
}

// TestClaim: what is claimed takes a place like a session, has no number and is not found, and
// its place is free again for either.
func TestClaim(t *testing.T) {
	t.Parallel()
	r := NewRegistry(2)
	free, refusal := r.Claim()
	if refusal != nil || r.Len() != 0 || len(numbers(r)) != 0 {
		t.Fatalf("%v, %v", refusal, numbers(r))
	}
	x, refusal := enter(t, r)
	if refusal != nil || x.Number != 1 {
		t.Fatalf("%+v, %v", x, refusal)
	}
	if _, refusal := r.Claim(); refusal == nil || refusal.Status != http.StatusTooManyRequests || refusal.RetryAfter == 0 || !strings.Contains(refusal.Reason, "every one of the 2 sessions") {
		t.Errorf("the third, a claim: %v", refusal)
	}
	if _, refusal := enter(t, r); refusal == nil || refusal.Status != http.StatusTooManyRequests {
		t.Errorf("the third, a session: %v", refusal)
	}
	x.End()
	other, refusal := r.Claim()
	if refusal != nil {
		t.Fatalf("in the place of a session: %v", refusal)
	}
	free()
	if x, refusal := enter(t, r); refusal != nil || x.Number != 1 {
		t.Errorf("in the place of a claim: %+v, %v", x, refusal)
	}
	r.SetLimit(0)
	if _, refusal := r.Claim(); refusal != nil {
		t.Errorf("without a limit: %v", refusal)
	}
	other()
}

// TestYield: what is claimed and not needed any more gives its place to whoever wants one, and
// before a session that has ended. Nobody is asked as long as there is a place.
func TestYield(t *testing.T) {
	t.Parallel()
	r := NewRegistry(3)
	asked, idle := 0, []func(){}
	r.Yield(func() bool { asked++; return false })
	r.Yield(func() bool {
		if len(idle) == 0 {
			return false
		}
		idle[0]() // which takes the registry's lock
		idle = idle[1:]
		return true
	})
	ended, _ := enter(t, r)
	ended.hub.Fail()
	for range 2 {
		free, refusal := r.Claim()
		if refusal != nil {
			t.Fatal(refusal)
		}
		idle = append(idle, free)
	}
	if asked != 0 {
		t.Errorf("asked %d times, with places left", asked)
	}
	if _, refusal := enter(t, r); refusal != nil {
		t.Errorf("a session in the place of what is idle: %v", refusal)
	}
	free, refusal := r.Claim()
	if refusal != nil {
		t.Fatalf("a claim in the place of what is idle: %v", refusal)
	}
	if r.byID(ended.ID) == nil || asked != 2 || len(idle) != 0 {
		t.Errorf("asked %d times, %d are idle, the session that has ended: %v", asked, len(idle), r.byID(ended.ID))
	}
	if refusal := r.add(&Session{ID: ended.ID, registry: r}, func() {}); refusal != taken || asked != 2 {
		t.Errorf("the id of another: %v, asked %d times", refusal, asked)
	}
	free()
}

// TestRegistryIsConcurrent: whatever comes and goes, the limit holds, and no two sessions
// have one number.
func TestRegistryIsConcurrent(t *testing.T) {
	t.Parallel()
	const limit = 5
	r := NewRegistry(limit)
	var at sync.WaitGroup
	for range 8 {
		at.Go(func() {
			for range 200 {
				x, refusal := enter(t, r)
				all := numbers(r)
				if compact := slices.Compact(slices.Clone(all)); len(all) > limit || len(compact) != len(all) {
					t.Errorf("there are %v", all)
				}
				if refusal == nil && (r.Find(x.ID) != x || r.Find(fmt.Sprint(x.Number)) != x) {
					t.Error("it is not found")
				}
				if refusal == nil {
					x.End()
				}
			}
		})
	}
	at.Wait()
	if r.Len() != 0 {
		t.Errorf("%d are left", r.Len())
	}
}
