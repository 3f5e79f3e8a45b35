package main

import (
	"fmt"
	"io"
	"strings"
)

// ofMCP divides findings into those about MCP and all others.
func ofMCP(findings []*finding) (about, others []*finding) {
	for _, f := range findings {
		if strings.HasPrefix(f.Figure, mcpGroup+"/") {
			about = append(about, f)
		} else {
			others = append(others, f)
		}
	}
	return about, others
}

// printMCPMarkdown prints a table of all targets that serve MCP, ours first, and then the ratios of
// our value to theirs.
func printMCPMarkdown(out io.Writer, findings []*finding, targets []target) {
	head, line := "| figure | measure |", "|---|---|"
	for _, t := range targets {
		head, line = head+" "+t.Name+" |", line+"---:|"
	}
	for _, t := range targets[1:] {
		head, line = head+" to "+t.Name+" |", line+"---:|"
	}
	fmt.Fprintf(out, "%s to %s |\n%s---:|\n", head, limitName, line)
	for _, f := range findings {
		for _, s := range f.Series {
			if s.Target != targets[0].Name || !s.Shown {
				continue
			}
			row := "| " + f.Figure + " | " + s.Measure + " |"
			for _, t := range targets {
				row += " " + human(f.medianOf(t.Name, s.Measure)) + " |"
			}
			for _, t := range targets[1:] {
				row += " " + ratio(f.ratio(s, t.Name)) + " |"
			}
			fmt.Fprintln(out, row+" "+ratio(s.ToLimit)+" |")
		}
	}
}
