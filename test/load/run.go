package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// A runner measures figures.
type runner struct {
	bench    *bench
	servers  []target // the first one is ours
	reps     int
	progress io.Writer
}

// run measures f, repetition by repetition, over all participants. Each repetition
// begins with another participant, so that what else runs on the machine disturbs all
// alike.
func (r *runner) run(f figure) (*finding, error) {
	all := f.participants(r.bench, r.servers)
	reps := r.reps
	if f.reps > 0 {
		reps = min(reps, f.reps)
	}
	found := newFinding(f, all, reps)
	for rep := range reps {
		results := make([]string, len(all))
		for i := range all {
			i := (i + rep) % len(all)
			s, err := all[i].measure()
			if r.bench.ctx.Err() != nil {
				return nil, context.Cause(r.bench.ctx)
			}
			found.add(all[i].name, rep, s, err)
			results[i] = all[i].name + " " + human(found.of(all[i].name, f.measures[0]).Raw[rep])
		}
		fmt.Fprintf(r.progress, "%-20s %d/%d  %s  %s\n", f.name, rep+1, reps, f.measures[0], strings.Join(results, "  "))
	}
	found.conclude()
	return found, nil
}
