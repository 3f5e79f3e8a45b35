package main

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A figure is one thing that is measured, in the same way for every target. Without
// measure, only others are measured.
type figure struct {
	name     string
	measures []string // the first one is the most important
	reps     int      // at most; 0: as many as requested
	measure  func(b *bench, t target) (sample, error)
	limit    func(b *bench) (sample, error) // nil: there is none
	others   func(b *bench, servers []target) []participant
}

// A participant is a target or a limit that is measured for a figure.
type participant struct {
	name    string
	measure func() (sample, error)
}

// limitName is the name of the participant that shows what is possible.
const limitName = "limit"

// way separates the name of a target from the name of another way of running it.
const way = "+"

func (f figure) participants(b *bench, servers []target) (all []participant) {
	if first, _, _ := strings.Cut(f.name, "/"); first != mcpGroup {
		servers = slices.DeleteFunc(slices.Clone(servers), target.onlyMCP)
	}
	for _, t := range servers {
		if f.measure != nil {
			all = append(all, participant{t.Name, func() (sample, error) { return f.measure(b, t) }})
		}
	}
	if f.limit != nil {
		all = append(all, participant{limitName, func() (sample, error) { return f.limit(b) }})
	}
	if f.others != nil {
		all = append(all, f.others(b, servers)...)
	}
	return all
}

// sizes are the sizes of lines, with their names in figures.
var sizes = []struct {
	name  string
	bytes int
}{{"10", 10}, {"100", 100}, {"1000", 1000}, {"64K", 64 << 10}}

// figures returns all figures, in the order in which they are measured.
func figures() (all []figure) {
	for _, size := range sizes {
		all = append(all, streamFigure("stream/"+size.name, "stream", size.bytes, 1))
	}
	all = append(all, streamFigure("stream/100x10", "stream", 100, 10), streamFigure("stream/100-linewise", "linewise", 100, 1), figure{
		name:     "binary",
		measures: []string{mbPerSecond, cpuPerKB},
		measure:  (*bench).binary,
		limit:    (*bench).limitBinary,
	})
	for _, size := range sizes {
		all = append(all, uploadFigure("upload/"+size.name, size.bytes))
	}
	all = append(all, connectFigure(10), connectFigure(100), connectFigure(1000))
	for _, conns := range []int{1, 10, 100} {
		all = append(all, echoFigure(conns, "16", 16), echoFigure(conns, "1K", 1<<10))
	}
	for _, conns := range []int{1, 10, 50} {
		all = append(all, churnFigure(strconv.Itoa(conns), conns, "/bin/echo", greeting))
	}
	all = append(all, churnFigure("10-sh", 10, "/bin/sh", "-c", "echo "+greeting), figure{
		name:     "paced",
		measures: []string{p50, p99, cpuPerTick},
		measure:  func(b *bench, t target) (sample, error) { return b.longer(2).paced(t) },
	})
	for _, language := range []string{"sh", "python", "node"} {
		if command := program(language); command != nil {
			all = append(all, firstLineFigure(language, command))
		}
	}
	all = append(all, figure{
		name:     "idle/1000",
		measures: []string{kbPerConn, threads, idleCPU},
		reps:     3,
		measure:  func(b *bench, t target) (sample, error) { return b.idle(t, 1000) },
		limit:    func(b *bench) (sample, error) { return b.idle(b.gorilla(), 1000) },
	})
	all = append(all, slowFigure(1), slowFigure(20))
	for _, conns := range []int{1, 10, 100} {
		all = append(all, fanoutFigure(conns))
	}
	for _, conns := range []int{1, 10, 50} {
		all = append(all, callFigure(conns, "/bin/echo", greeting))
	}
	all = append(all, callStreamFigure(100), calmFigure(200), eventsFigure(100), joinFigure(), hubFigure(100),
		subscribersFigure(10), subscribersFigure(10_000), supervisedFigure(100))
	return append(all, mcpFigures()...)
}

func streamFigure(name, kind string, size, conns int) figure {
	return figure{
		name:     name,
		measures: []string{linesPerSecond, cpuPerLine},
		measure:  func(b *bench, t target) (sample, error) { return b.stream(t, kind, size, conns) },
		limit:    func(b *bench) (sample, error) { return b.limitStream(kind, size, conns) },
	}
}

func uploadFigure(name string, size int) figure {
	return figure{
		name:     name,
		measures: []string{linesPerSecond, cpuPerLine},
		measure:  func(b *bench, t target) (sample, error) { return b.upload(t, size) },
		limit:    func(b *bench) (sample, error) { return b.limitUpload(size) },
	}
}

func echoFigure(conns int, sizeName string, size int) figure {
	return figure{
		name:     fmt.Sprintf("echo/%dx%s", conns, sizeName),
		measures: []string{messagesPerSecond, p50, p99, cpuPerMessage},
		measure:  func(b *bench, t target) (sample, error) { return b.echo(t, conns, size) },
		limit:    func(b *bench) (sample, error) { return b.echo(b.gorilla(), conns, size) },
	}
}

func churnFigure(name string, conns int, program ...string) figure {
	return figure{
		name:     "churn/" + name,
		measures: []string{connsPerSecond, cpuPerConn, firstP50, firstP99},
		measure:  func(b *bench, t target) (sample, error) { return b.churn(t, conns, program) },
		limit:    func(b *bench) (sample, error) { return b.limitChurn(conns, program) },
	}
}

func firstLineFigure(language string, program []string) figure {
	return figure{
		name:     "firstline/" + language,
		measures: []string{firstP50, firstP99},
		measure:  func(b *bench, t target) (sample, error) { return b.firstLine(t, nil, program) },
		others:   firstLineOthers(program),
	}
}

func slowFigure(stalled int) figure {
	return figure{
		name:     "slow/" + strconv.Itoa(stalled),
		measures: []string{kbPerStalled, stalledCPU, childrenCPU, p99Before, p99During, p99Ratio},
		reps:     3,
		measure:  func(b *bench, t target) (sample, error) { return b.slow(t, stalled) },
	}
}

// selected reports whether one of the patterns means the figure: as a glob, or as the
// first part of its name. No patterns mean every figure.
func (f figure) selected(patterns []string) bool {
	first, _, _ := strings.Cut(f.name, "/")
	for _, p := range patterns {
		if ok, _ := path.Match(p, f.name); ok || p == first {
			return true
		}
	}
	return len(patterns) == 0
}
