package cli

import (
	"cmp"
	"fmt"
	"regexp"
)

// Exit statuses of the command. A process ended by a second signal reports
// 128 plus the signal's number, as a shell would.
const (
	ExitOK       = 0 // stopped by a signal, or help, version and licence were shown
	ExitUsage    = 1 // the flags are well-formed, but what they ask for cannot be served
	ExitFlags    = 2 // a flag or an environment variable cannot be understood
	ExitListen   = 3 // the server could not start, or a listener failed while serving
	exitBySignal = 128
)

// refusal tells why the command does not start: the message, where it is printed, and
// the exit status. By default it is printed on standard error.
type refusal struct {
	status   int
	message  string
	onStdout bool   // three messages of the older tool go to standard output
	usage    bool   // the short usage follows on standard error
	seeHelp  bool   // or one line that points to --help
	of       string // the first word whose --help that is

	about  []string // the flags that together are at fault, if they may come from a file
	inFile string   // the message for the file then; "" means message
}

// forFile returns the message for the file. It tells which of what it names does not come from
// the file. The last three of layers are the arguments, the environment and the file.
func (r *refusal) forFile(layers [][]setting) string {
	message := cmp.Or(r.inFile, r.message)
	for _, flag := range r.about {
		named := regexp.MustCompile(`\b` + flag + `\b`).MatchString(message)
		if by := outside(layers, flag); by != "" && named {
			message += fmt.Sprintf(" (%s counts here)", by)
		}
	}
	return message
}
