package record

import (
	"errors"
	"testing"
)

// TestSeal: Readers get nothing that is appended while a Log is sealed, also when what they have not
// read is dropped meanwhile, and all of it afterwards.
func TestSeal(t *testing.T) {
	l := New[uint64](Limits{Messages: 6})
	appendAll(t, l, 1, 2, 1)
	slow, quick, beyond := l.From(1), l.From(4), l.From(6)
	s := l.Seal()
	if s.Messages != 0 || len(s.Items) != 3 {
		t.Errorf("%+v", s)
	}
	check := func(what string, r *Reader[uint64], wantErr error, want ...uint64) {
		t.Helper()
		entries, err := r.Next(done, make([]Entry[uint64], 0, 10))
		if !errors.Is(err, wantErr) || len(entries) != len(want) || r.HasMore() {
			t.Fatalf("%s: %v, %v; want %v, %v", what, entries, err, want, wantErr)
		}
		for i := range entries {
			if entries[i].First != want[i] {
				t.Errorf("%s: %v, want %v", what, entries, want)
			}
		}
	}
	appendAll(t, l, 2) // 5 and 6
	if first, last := l.Kept(); first != 1 || last != 4 || l.Last() != 6 {
		t.Errorf("%d..%d are kept of %d", first, last, l.Last())
	}
	check("one that has had all", quick, errGivenUp)
	check("one that waits for what is to come", beyond, errGivenUp)
	check("one that has not", slow, nil, 2, 4)
	check("which has all then", slow, errGivenUp)
	late := l.From(1)
	for range 3 {
		if err := l.Append(done, 0, 2, 2); err != nil { // 7 to 12
			t.Fatal(err)
		}
	}
	if first, last := l.Kept(); first != 5 || last != 4 {
		t.Errorf("%d..%d are kept", first, last)
	}
	gone := new(GoneError)
	if _, err := late.Next(done, make([]Entry[uint64], 0, 10)); !errors.As(err, &gone) || *gone != (GoneError{2, 5}) {
		t.Errorf("%v", err)
	}
	check("one whose next was dropped", quick, errGivenUp)
	l.Unseal()
	if _, err := quick.Next(done, make([]Entry[uint64], 0, 10)); !errors.As(err, &gone) || *gone != (GoneError{5, 7}) {
		t.Errorf("%v", err)
	}
	check("and afterwards", beyond, nil, 7, 9, 11)
	r := Restore(Limits{}, s)
	appendAll(t, r, 1)
	check("where it goes on", r.From(3), nil, 4, 5)
}
