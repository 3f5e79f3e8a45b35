package ctl

import (
	"fmt"
	"slices"
	"strconv"

	"websocketd/internal/terminal"
)

// Verbs of which the code speaks.
const (
	verbLogs   = "logs"
	verbAttach = "attach"
	verbKick   = "kick"
	verbEnd    = "end"

	verbUpgrade = "upgrade"

	verbStart   = "start"
	verbStop    = "stop"
	verbRestart = "restart"
	verbReload  = "reload"
	verbDelete  = "delete"
	verbScale   = "scale"
)

// Verb is what can be asked for.
type Verb struct {
	Name  string
	Takes string // what it is about, for its usage
	Least int    // names
	Most  int    // negative: any number
	Help  string // one sentence

	// Documents is whether it prints what the server knows, and not what a process writes.
	Documents bool

	run func(c *caller, signals *terminal.Interrupts) (status int, err error)
}

// CheckNames returns an error if names, of which there are as many as the verb takes, cannot be
// what it is about.
func (v *Verb) CheckNames(names []string) error {
	if v.Name != verbScale {
		return nil
	}
	if n, err := strconv.Atoi(names[1]); err != nil || n < 1 {
		return fmt.Errorf("%q is no number of instances, which is 1 or more", names[1])
	}
	return nil
}

// Verbs returns what can be asked for, in the order of the help.
func Verbs() []Verb { return slices.Clone(inOrder) }

// namesOrAll is what operations take.
const namesOrAll = "NAME.. | all"

var inOrder = []Verb{
	{"list", "", 0, 0, "The programs that are served.", true, (*caller).list},
	{"info", "[NAME|ID]", 0, 1, "What is known of the server, or of a program, session or connection.", true, (*caller).info},
	{"sessions", "", 0, 0, "The processes that outlive their connections.", true, (*caller).sessions},
	{"connections", "", 0, 0, "The clients that are connected.", true, (*caller).connections},
	{verbKick, "ID..", 1, -1, "End connections: their clients are closed with 1008.", true, (*caller).kick},
	{verbLogs, "NAME|ID", 1, 1, "What a process has written, as far as it is kept.", false, (*caller).logs},
	{verbAttach, "NAME|ID", 1, 1, "What a process writes, and lines of standard input to it.", false, (*caller).attach},
	{verbEnd, "NAME|ID..", 1, -1, "End all processes of a program, that of a session, or that of a connection.", true, (*caller).end},
	{"ps", "", 0, 0, "The instances of supervised programs, and how they are.", true, (*caller).ps},
	{verbStart, namesOrAll, 1, -1, "Start supervised programs that are stopped or errored.", true, (*caller).operate},
	{verbStop, namesOrAll, 1, -1, "Stop supervised programs until they are started.", true, (*caller).operate},
	{verbRestart, namesOrAll, 1, -1, "End the processes of supervised programs, and start others.", true, (*caller).operate},
	{verbReload, namesOrAll, 1, -1, "Restart without a gap: the next process is ready before the one before ends.", true, (*caller).operate},
	{verbDelete, namesOrAll, 1, -1, "Stop supervised programs, and serve them no more until the server is started again.", true, (*caller).operate},
	{verbUpgrade, "", 0, 0, "Replace the server by a new process of its executable, as the file is now: what outlives its clients goes on.", true, (*caller).upgrade},
	{verbScale, "NAME N", 2, 2, "Make it N instances of a supervised program, until the server is started again.", true, (*caller).scale},
}

// changes reports whether a verb does more than ask: what it is done to should be known.
func changes(verb string) bool {
	_, operates := operations[verb]
	return operates || verb == verbScale || verb == verbUpgrade || verb == verbKick || verb == verbEnd || verb == verbAttach
}

// run does what a verb of a name says.
func run(c *caller, signals *terminal.Interrupts) (status int, err error) {
	i := slices.IndexFunc(inOrder, func(v Verb) bool { return v.Name == c.Verb })
	return inOrder[i].run(c, signals)
}
