package main

import (
	"fmt"
	"io"
	"strings"
)

// printMarkdown prints a table for what was measured of WebSocket servers, and one of MCP servers.
func (r *report) printMarkdown(out io.Writer) {
	mcp, others := ofMCP(r.Figures)
	if len(others) > 0 {
		printMarkdown(out, others, r.Targets[0].Name)
	}
	if len(mcp) > 0 {
		printMCPMarkdown(out, mcp, r.Targets)
	}
}

// printMarkdown prints a table for doc/performance.md: the first target, the peer and
// the limit, one row for each figure and measure. The ratios of our value follow it.
func printMarkdown(out io.Writer, findings []*finding, ours string) {
	fmt.Fprintf(out, "| figure | measure | %s | %s | to %s | limit | to limit |\n", ours, peerName, peerName)
	fmt.Fprintf(out, "|---|---|---:|---:|---:|---:|---:|\n")
	for _, f := range findings {
		for _, s := range f.Series {
			name := f.Figure
			if how, other := strings.CutPrefix(s.Target, ours+way); other {
				name += ", " + how
			} else if s.Target != ours {
				continue
			}
			if s.Shown {
				fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s | %s |\n", name, s.Measure, human(s.Median),
					human(f.medianOf(peerName, s.Measure)), ratio(s.ToPeer), human(f.medianOf(limitName, s.Measure)), ratio(s.ToLimit))
			}
		}
	}
}

// medianOf returns the median of another participant.
func (f *finding) medianOf(target, measure string) number {
	if s := f.get(target, measure); s != nil {
		return s.Median
	}
	return missing
}
