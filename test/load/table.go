package main

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// human returns a number with as many digits as are worth reading.
func human(n number) string {
	if !n.ok() {
		return "-"
	}
	v := float64(n)
	for _, unit := range []struct {
		size float64
		name string
	}{{1e6, " M"}, {1e4, " k"}} {
		if math.Abs(v) >= unit.size {
			if unit.name == " k" {
				return digits3(v/1e3) + " k"
			}
			return digits3(v/unit.size) + unit.name
		}
	}
	return digits3(v)
}

// digits3 returns v with three significant digits, and with all digits before the
// point.
func digits3(v float64) string {
	decimals := 0
	for size := 100.0; decimals < 4 && math.Abs(v) < size && v != 0; size /= 10 {
		decimals++
	}
	return fmt.Sprintf("%.*f", decimals, v)
}

func ratio(n number) string {
	if !n.ok() {
		return "-"
	}
	return digits3(float64(n)) + "×"
}

func percent(n number) string {
	if !n.ok() {
		return "-"
	}
	return fmt.Sprintf("±%.0f%%", float64(n))
}

// printTable prints all findings, a line for each figure, measure and target.
func printTable(out io.Writer, findings []*finding) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "figure\tmeasure\ttarget\tmedian\thalf-spread\tto peer\tto limit")
	for _, f := range findings {
		for _, s := range f.Series {
			if s.Shown {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Figure, s.Measure, s.Target,
					human(s.Median), percent(s.Spread), ratio(s.ToPeer), ratio(s.ToLimit))
			}
		}
	}
	w.Flush()
	for _, f := range findings {
		for _, note := range f.Notes {
			fmt.Fprintf(out, "note: %s: %s\n", f.Figure, note)
		}
	}
}
