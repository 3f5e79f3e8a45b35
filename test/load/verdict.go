package main

import (
	_ "embed"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
)

//go:embed targets.txt
var targetsText string

// A goal is a row of targets.txt.
type goal struct {
	figure, measure string
	of              string // "ours", or the name of another way of running it
	to              string // a participant, or "itself"
	floor, moonshot bound
}

// A bound is a lower or upper limit; the zero value is none.
type bound struct {
	text  string
	less  bool // the value must not be more; if false, not less
	value number
}

// metBy reports whether v is within b. The zero bound is never met.
func (b bound) metBy(v number) bool {
	switch {
	case b.text == "":
		return false
	case b.less:
		return v <= b.value
	}
	return v >= b.value
}

func (b bound) String() string {
	if b.text == "" {
		return "-"
	}
	return b.text
}

// parseBound parses "-", ">= 30", "<= 0.5" and "<= cpus+8".
func parseBound(text string) (b bound, err error) {
	if text == "-" {
		return bound{}, nil
	}
	sign, rest, _ := strings.Cut(text, " ")
	if sign != ">=" && sign != "<=" {
		return b, fmt.Errorf("%q is no bound", text)
	}
	more, onCPUs := strings.CutPrefix(rest, "cpus+")
	value, err := strconv.ParseFloat(more, 64)
	if onCPUs {
		value += float64(runtime.NumCPU())
	}
	return bound{text, sign == "<=", number(value)}, err
}

var columns = regexp.MustCompile(` {2,}`)

func parseGoals(text string) (goals []goal, err error) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		column := columns.Split(line, -1)
		if len(column) != 6 {
			return nil, fmt.Errorf("%q has not six columns", line)
		}
		g := goal{figure: column[0], measure: column[1], of: column[2], to: column[3]}
		if g.floor, err = parseBound(column[4]); err != nil {
			return nil, err
		}
		if g.moonshot, err = parseBound(column[5]); err != nil {
			return nil, err
		}
		goals = append(goals, g)
	}
	return goals, nil
}

// The verdicts.
const (
	reachedMoonshot = "ok/moon"
	reachedFloor    = "floor"
	belowFloor      = "BELOW"
	reachedNothing  = "short" // of a moonshot, where there is no floor
)

// A verdict compares what was reached with a goal.
type verdict struct {
	Figure   string `json:"figure"`
	Measure  string `json:"measure"`
	Target   string `json:"target"`
	To       string `json:"to"`
	Reached  number `json:"reached"`
	Floor    string `json:"floor"`
	Moonshot string `json:"moonshot"`
	Verdict  string `json:"verdict"`
}

func (g goal) judge(reached number) string {
	switch {
	case g.moonshot.metBy(reached):
		return reachedMoonshot
	case g.floor.metBy(reached):
		return reachedFloor
	case g.floor.text != "":
		return belowFloor
	}
	return reachedNothing
}

// judge compares the findings with the goals for the target named ours. What was
// not measured gets no verdict.
func judge(goals []goal, findings []*finding, ours string) (all []verdict) {
	for _, g := range goals {
		name := ours
		if g.of != "ours" {
			name += way + g.of
		}
		for _, f := range findings {
			if f.Figure != g.figure {
				continue
			}
			if reached := f.reached(name, g); reached.ok() {
				all = append(all, verdict{g.figure, g.measure, name, g.to, reached,
					g.floor.String(), g.moonshot.String(), g.judge(reached)})
			}
		}
	}
	return all
}

// reached returns the value the goal is about.
func (f *finding) reached(target string, g goal) number {
	s := f.get(target, g.measure)
	switch {
	case s == nil:
		return missing
	case g.to == "itself":
		return s.Median
	}
	return f.ratio(s, g.to)
}

// printVerdicts prints a line for each verdict.
func printVerdicts(out io.Writer, all []verdict) {
	if len(all) == 0 {
		return
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nfigure\tmeasure\ttarget\tto\treached\tfloor\tmoonshot\tverdict")
	for _, v := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			v.Figure, v.Measure, v.Target, v.To, digits3(float64(v.Reached)), v.Floor, v.Moonshot, v.Verdict)
	}
	w.Flush()
}
