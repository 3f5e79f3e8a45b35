package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
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
			os.Exit(exitFailed)
		case "lockstep":
			fmt.Fprintln(os.Stderr, lockstepMain(os.Args[2:]))
			os.Exit(exitFailed)
		case "fan":
			fmt.Fprintln(os.Stderr, fanMain(os.Args[2:]))
			os.Exit(exitFailed)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := benchMain(ctx, os.Args[1:])
	stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return
	case errors.As(err, new(usageError)):
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(exitUsage)
	}
	fmt.Fprintln(os.Stderr, "load:", err)
	os.Exit(exitFailed)
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
	var r *report
	if o.from != "" {
		r, err = loadReport(o.from)
	} else {
		r, err = measureAll(ctx, o)
	}
	if err != nil {
		return err
	}
	r.Verdicts = judge(goals, r.Figures, r.Targets[0].Name)
	if o.from == "" {
		if err := r.save(o.json); err != nil {
			return err
		}
	}
	return finish(o, r)
}

// measureAll measures what the options ask for.
func measureAll(ctx context.Context, o options) (*report, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	runner := &runner{
		bench:    &bench{ctx: ctx, window: time.Duration(o.seconds * float64(time.Second)), self: self},
		servers:  o.servers,
		reps:     o.reps,
		progress: os.Stderr,
	}
	r := newReport(o)
	r.warn(os.Stderr)
	for _, f := range o.figures {
		found, err := runner.run(f)
		if err != nil {
			return nil, err
		}
		r.Figures = append(r.Figures, found)
	}
	r.LoadEnd = loadAverage()
	return r, nil
}

// finish prints the results, and returns an error if they are not good.
func finish(o options, r *report) error {
	if o.table {
		r.printMarkdown(os.Stdout)
	} else {
		r.printMachine(os.Stdout)
		printTable(os.Stdout, r.Figures)
		printVerdicts(os.Stdout, r.Verdicts)
	}
	switch {
	case r.failed():
		return errors.New("something was lost or wrong, see the notes")
	case o.gate && r.belowFloor():
		return errors.New("a floor was missed")
	}
	return nil
}
