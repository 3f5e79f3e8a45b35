package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Exit statuses.
const (
	exitFailed = 1 // something was lost or wrong, or below its floor
	exitUsage  = 2
)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "child":
			if err := childMain(os.Args[2:]); err != nil {
				childFails(err)
			}
			return
		case "gorilla":
			fmt.Fprintln(os.Stderr, gorillaMain(os.Args[2:]))
			os.Exit(1)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := benchMain(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		status := exitFailed
		if errors.As(err, new(usageError)) {
			status = exitUsage
		}
		os.Exit(status)
	}
}

type usageError struct{ error }

// options are what the command line says.
type options struct {
	only    string
	reps    int
	seconds float64
	json    string
	table   bool // in Markdown
	gate    bool
	servers []target
}

func parseOptions(args []string) (o options, err error) {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.StringVar(&o.only, "only", "", "figures to measure: `GLOBS`, or first parts of names, with spaces between them")
	flags.IntVar(&o.reps, "reps", 5, "repetitions")
	flags.Float64Var(&o.seconds, "seconds", 1.5, "measuring time of one repetition")
	flags.StringVar(&o.json, "json", "bench.json", "`FILE` for everything that was measured")
	flags.BoolVar(&o.table, "markdown", false, "print the table for the README, instead of all others")
	flags.BoolVar(&o.gate, "gate", false, "fail if a floor is missed, see targets.txt")
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "usage: load [flags] ours='COMMAND' [peer='COMMAND'] [NAME='COMMAND' ...]\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, usageError{err}
	}
	for _, arg := range flags.Args() {
		name, command, _ := strings.Cut(arg, "=")
		t := target{Name: name, Command: strings.Fields(command)}
		if name == "" || name == limitName || len(t.Command) == 0 {
			return o, usageError{fmt.Errorf("%q is not a target, like ours=./websocketd", arg)}
		}
		o.servers = append(o.servers, t)
	}
	if len(o.servers) == 0 || o.reps < 1 || o.seconds <= 0 {
		flags.Usage()
		return o, usageError{errors.New("there is nothing to measure")}
	}
	if o.gate && !slices.ContainsFunc(o.servers, func(t target) bool { return t.Name == peerName }) {
		return o, usageError{errors.New("-gate needs a target named " + peerName)}
	}
	return o, nil
}

func benchMain(ctx context.Context, args []string) error {
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	goals, err := parseGoals(targetsText)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r := &runner{
		bench:    &bench{ctx: ctx, window: time.Duration(o.seconds * float64(time.Second)), self: self},
		servers:  o.servers,
		reps:     o.reps,
		progress: os.Stderr,
	}
	report := newReport(o)
	report.warn(os.Stderr)
	for _, f := range figures() {
		if !f.selected(strings.Fields(o.only)) {
			continue
		}
		found, err := r.run(f)
		if err != nil {
			return err
		}
		report.Figures = append(report.Figures, found)
	}
	report.LoadEnd = loadAverage()
	report.Verdicts = judge(goals, report.Figures, o.servers[0].Name)
	return finish(o, report)
}

// finish writes and prints what was found, and says whether it is good.
func finish(o options, r *report) error {
	if o.table {
		printMarkdown(os.Stdout, r.Figures, o.servers[0].Name)
	} else {
		r.printMachine(os.Stdout)
		printTable(os.Stdout, r.Figures)
		printVerdicts(os.Stdout, r.Verdicts)
	}
	if err := r.save(o.json); err != nil {
		return err
	}
	switch {
	case r.failed():
		return errors.New("something was lost or wrong, see the notes")
	case o.gate && r.belowFloor():
		return errors.New("a floor was missed")
	}
	return nil
}
