package main

import (
	"fmt"
	"maps"
	"slices"
)

// peerName is the target that others are compared with. It is known to lose output:
// that is noted, but is not a failure. The same goes for sdkName and supergatewayName.
const peerName = "peer"

// A series holds one measure of one participant, repetition by repetition.
type series struct {
	Target  string   `json:"target"`
	Measure string   `json:"measure"`
	Median  number   `json:"median"`
	Spread  number   `json:"halfSpreadPercent"`
	ToPeer  number   `json:"ratioToPeer"`
	ToLimit number   `json:"ratioToLimit"`
	Raw     []number `json:"raw"`
	Shown   bool     `json:"shown"` // in the table; other series are only in the file
}

// A finding holds all results of a figure.
type finding struct {
	Figure string    `json:"figure"`
	Series []*series `json:"series"`
	Notes  []string  `json:"notes,omitempty"`
	Failed bool      `json:"failed"` // something was lost or wrong, and not by the peer

	reps int
}

func newFinding(f figure, all []participant, reps int) *finding {
	found := &finding{Figure: f.name, reps: reps}
	for _, measure := range f.measures {
		for _, p := range all {
			found.of(p.name, measure).Shown = true
		}
	}
	return found
}

// of returns the series of a participant and a measure; a new one has no values.
func (f *finding) of(target, measure string) *series {
	if s := f.get(target, measure); s != nil {
		return s
	}
	s := &series{Target: target, Measure: measure, Raw: slices.Repeat([]number{missing}, f.reps)}
	f.Series = append(f.Series, s)
	return s
}

// add stores the result of one repetition.
func (f *finding) add(target string, rep int, s sample, err error) {
	for _, measure := range slices.Sorted(maps.Keys(s.values)) {
		f.of(target, measure).Raw[rep] = s.values[measure]
	}
	switch {
	case err != nil:
		f.note(target, rep, err.Error())
	case s.lost > 0 || s.bad > 0:
		f.note(target, rep, fmt.Sprintf("%d lost, %d wrong", s.lost, s.bad))
	}
}

func (f *finding) note(target string, rep int, what string) {
	f.Notes = append(f.Notes, fmt.Sprintf("%s, repetition %d: %s", target, rep+1, what))
	f.Failed = f.Failed || target != peerName && target != sdkName && target != supergatewayName
}

// conclude computes the statistics of the raw values.
func (f *finding) conclude() {
	for _, s := range f.Series {
		s.Median, s.Spread = median(s.Raw), halfSpread(s.Raw)
		s.ToPeer = f.ratio(s, peerName)
		s.ToLimit = f.ratio(s, limitName)
	}
}

// get returns the series of a participant and a measure, or nil.
func (f *finding) get(target, measure string) *series {
	for _, s := range f.Series {
		if s.Target == target && s.Measure == measure {
			return s
		}
	}
	return nil
}

// ratio returns the ratio of s to another participant's series of the same measure.
func (f *finding) ratio(s *series, other string) number {
	if o := f.get(other, s.Measure); o != nil {
		return medianRatio(s.Raw, o.Raw)
	}
	return missing
}
