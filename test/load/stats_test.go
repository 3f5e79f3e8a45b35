package main

import (
	"encoding/json"
	"errors"
	"testing"
)

func TestMedianAndSpread(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		all            []number
		median, spread number
	}{
		{[]number{3}, 3, 0},
		{[]number{9, 1, 5}, 5, 80},
		{[]number{4, 1, 3, 2}, 2.5, 60},
		{[]number{-9, -1, -5}, -5, 80},
		{[]number{missing, 10, missing, 30}, 20, 50},
	} {
		if got := median(c.all); got != c.median {
			t.Errorf("median of %v: %v", c.all, got)
		}
		if got := halfSpread(c.all); got != c.spread {
			t.Errorf("half-spread of %v: %v", c.all, got)
		}
	}
	for _, none := range [][]number{nil, {missing}} {
		if median(none).ok() || halfSpread(none).ok() {
			t.Errorf("%v has a median or a spread", none)
		}
	}
	if halfSpread([]number{0, 0}).ok() {
		t.Error("a spread in per cent of nothing")
	}
}

// The ratio is taken within each repetition: noise there spoils both values.
func TestMedianRatio(t *testing.T) {
	t.Parallel()
	if got := medianRatio([]number{20, 2, 60}, []number{10, 1, 20}); got != 2 {
		t.Errorf("%v", got)
	}
	if got := medianRatio([]number{20, missing, 30, -5}, []number{10, 1, 0, 5}); got != 2 {
		t.Errorf("with what is missing, a zero, and less than nothing: %v", got)
	}
	if medianRatio(nil, []number{1}).ok() {
		t.Error("a ratio of nothing")
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	hundred := make([]int64, 100)
	for i := range hundred {
		hundred[i] = int64(i + 1)
	}
	for p, want := range map[float64]number{50: 50, 99: 99, 100: 100, 0: 1} {
		if got := percentile(hundred, p); got != want {
			t.Errorf("p%g is %v", p, got)
		}
	}
	if got := percentile([]int64{7}, 99); got != 7 {
		t.Errorf("of one value: %v", got)
	}
	if percentile(nil, 50).ok() {
		t.Error("of no values")
	}
}

func TestNumberInJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal([]number{1.5, missing})
	if err != nil || string(text) != "[1.5,null]" {
		t.Fatalf("%s, %v", text, err)
	}
	var back []number
	if err := json.Unmarshal(text, &back); err != nil || back[0] != 1.5 || back[1].ok() {
		t.Fatalf("%v, %v", back, err)
	}
}

func TestHuman(t *testing.T) {
	t.Parallel()
	for n, want := range map[number]string{
		61_700_000: "61.7 M", 333_000: "333 k", 9999: "9999", 182.4: "182", 12.81: "12.8", 0.9312: "0.931", 0: "0", 0.004: "0.0040",
	} {
		if got := human(n); got != want {
			t.Errorf("%v is %q, not %q", float64(n), got, want)
		}
	}
	if human(missing) != "-" || ratio(missing) != "-" || percent(missing) != "-" {
		t.Error("what is missing is not a dash")
	}
}

// A loss by the peer is a note, a loss by any other target a failure.
func TestFinding(t *testing.T) {
	t.Parallel()
	f := figure{name: "x", measures: []string{"m"}}
	found := newFinding(f, []participant{{name: "ours"}, {name: peerName}, {name: limitName}}, 2)
	value := func(n number) sample { return sample{values: map[string]number{"m": n}} }
	found.add("ours", 0, value(30), nil)
	found.add(peerName, 0, value(10), nil)
	found.add(limitName, 0, value(60), nil)
	found.add("ours", 1, value(50), nil)
	found.add(peerName, 1, sample{lost: 3}, nil)
	found.add(limitName, 1, value(100), nil)
	found.conclude()
	s := found.get("ours", "m")
	if s.Median != 40 || s.ToPeer != 3 || s.ToLimit != 0.5 || !s.Shown {
		t.Errorf("%+v", s)
	}
	if found.Failed || len(found.Notes) != 1 {
		t.Errorf("failed %v, notes %q", found.Failed, found.Notes)
	}
	found.add("ours", 1, sample{}, errors.New("broken"))
	if !found.Failed || len(found.Notes) != 2 {
		t.Errorf("failed %v, notes %q", found.Failed, found.Notes)
	}
}
