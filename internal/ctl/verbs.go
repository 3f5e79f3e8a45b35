package ctl

import (
	"slices"

	"websocketd/internal/terminal"
)

// Verbs of which the code speaks.
const (
	verbLogs   = "logs"
	verbAttach = "attach"
	verbKick   = "kick"
	verbEnd    = "end"
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

// Verbs returns what can be asked for, in the order of the help.
func Verbs() []Verb { return slices.Clone(inOrder) }

var inOrder = []Verb{
	{"list", "", 0, 0, "The programs that are served.", true, (*caller).list},
	{"info", "[NAME|ID]", 0, 1, "What is known of the server, or of a program, session or connection.", true, (*caller).info},
	{"sessions", "", 0, 0, "The processes that outlive their connections.", true, (*caller).sessions},
	{"connections", "", 0, 0, "The clients that are connected.", true, (*caller).connections},
	{verbKick, "ID..", 1, -1, "End connections: their clients are closed with 1008.", true, (*caller).kick},
	{verbLogs, "NAME|ID", 1, 1, "What a process has written, as far as it is kept.", false, (*caller).logs},
	{verbAttach, "NAME|ID", 1, 1, "What a process writes, and lines of standard input to it.", false, (*caller).attach},
	{verbEnd, "NAME|ID..", 1, -1, "End all processes of a program, that of a session, or that of a connection.", true, (*caller).end},
}

// changes reports whether a verb does more than ask: what it is done to should be known.
func changes(verb string) bool { return verb == verbKick || verb == verbEnd || verb == verbAttach }

// run does what a verb of a name says.
func run(c *caller, signals *terminal.Interrupts) (status int, err error) {
	i := slices.IndexFunc(inOrder, func(v Verb) bool { return v.Name == c.Verb })
	return inOrder[i].run(c, signals)
}
