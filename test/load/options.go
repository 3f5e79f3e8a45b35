package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
)

// A usageError is an error in the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// options are the values of the command line.
type options struct {
	figures []figure
	reps    int
	seconds float64
	json    string
	from    string
	table   bool // in Markdown
	gate    bool
	servers []target
}

func parseOptions(args []string) (o options, err error) {
	var only string
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.StringVar(&only, "only", "", "figures to measure: `GLOBS`, or first parts of names, with spaces between them")
	flags.IntVar(&o.reps, "reps", 5, "repetitions")
	flags.Float64Var(&o.seconds, "seconds", 1.5, "measuring time of one repetition")
	flags.StringVar(&o.json, "json", "bench.json", "`FILE` for everything that was measured")
	flags.StringVar(&o.from, "from", "", "measure nothing, but print what this `FILE` of an earlier run has")
	flags.BoolVar(&o.table, "markdown", false, "print a table for doc/performance.md, instead of all others")
	flags.BoolVar(&o.gate, "gate", false, "fail if a floor is missed, see targets.txt")
	flags.Usage = func() { usage(flags) }
	if err := flags.Parse(args); err != nil {
		return o, usageError{err}
	}
	for _, f := range figures() {
		if f.selected(strings.Fields(only)) {
			o.figures = append(o.figures, f)
		}
	}
	for _, arg := range flags.Args() {
		name, command, _ := strings.Cut(arg, "=")
		o.servers = append(o.servers, target{Name: name, Command: strings.Fields(command)})
	}
	return o, o.check(only)
}

func usage(flags *flag.FlagSet) {
	fmt.Fprintln(flags.Output(), "usage: load [flags] ours='COMMAND' [peer='COMMAND'] [NAME='COMMAND' ...]")
	flags.PrintDefaults()
	fmt.Fprint(flags.Output(), "figures:")
	for _, f := range figures() {
		fmt.Fprint(flags.Output(), " ", f.name)
	}
	fmt.Fprintln(flags.Output())
}

// check returns a usageError if something is wrong with the options.
func (o options) check(only string) error {
	for _, t := range o.servers {
		if t.Name == "" || t.Name == limitName || len(t.Command) == 0 {
			return usageError{fmt.Errorf("%q is not a target, like ours=./websocketd", t.Name)}
		}
	}
	isPeer := func(t target) bool { return t.Name == peerName }
	switch {
	case o.from != "" && len(o.servers) > 0:
		return usageError{errors.New("-from measures nothing, and has no targets")}
	case o.from != "":
		return nil
	case len(o.servers) == 0:
		return usageError{errors.New("no target is given, like ours=./websocketd (-help has more)")}
	case len(o.figures) == 0:
		return usageError{fmt.Errorf("no figure is called %q (-help lists them)", only)}
	case o.reps < 1 || o.seconds <= 0:
		return usageError{errors.New("-reps and -seconds must be more than nothing")}
	case o.gate && !slices.ContainsFunc(o.servers, isPeer):
		return usageError{errors.New("-gate needs a target named " + peerName)}
	}
	return nil
}
