package cli

import (
	"fmt"
	"io"
	"strings"
)

// Columns of --help.
const (
	helpColumn = 30
	helpWidth  = 79
)

// usage prints the ways to call the command.
func (i invocation) usage(out io.Writer) {
	fmt.Fprintf(out, `
Usage:

  Serve one program to WebSocket clients:
    %[1]s [options] COMMAND [arguments of COMMAND]

  Serve every executable file of a directory, by its path in the URL:
    %[1]s [options] --dir=SOMEDIR

  Serve the programs of a file, each at a path of its own:
    %[1]s [options] --config=FILE

  Talk to a server, as its client:
    %[1]s connect URL

  Ask what runs, show it, and end it, where --admin is given:
    %[1]s ctl list

  Set the password of a user, or make a token:
    %[1]s passwd FILE USER

  Let the shell complete all of this:
    %[1]s completion bash|zsh|fish

  Show every option:
    %[1]s --help
`, i.name)
}

// help prints everything there is to know about the command line.
func (i invocation) help(out io.Writer, flags []Flag) {
	fmt.Fprintf(out, `%s %s

Any program that reads standard input and writes standard output is a WebSocket
server: each client gets a process of its own, each line is a message.
`, i.name, i.build)
	i.usage(out)
	fmt.Fprintf(out, `
Examples:

  Count to ten, for clients on this machine, at ws://127.0.0.1:8080/
    %[1]s --port=8080 seq 10

  Serve ./scripts/greet.sh at ws://HOST:8080/greet.sh to the whole network
    %[1]s --port=8080 --address=0.0.0.0 --dir=./scripts

  Let the pages of one site talk to a program
    %[1]s --port=8080 --origin=https://example.com ./chat.py
`, i.name)
	printFlags(out, flags)
	fmt.Fprintf(out, `
A key of that name in the file of --config sets it too. The flag wins over the
variable, the variable over the file, and that over the default.

The variable named after a flag sets it too, unless the flag is given. Values
of a list stand on lines of their own or, but for headers, between commas; an
empty variable sets nothing. A flag's value follows = or is the next argument;
one in brackets may be left out, and only follows =. A flag without a value is
only switched off by =false. Everything after COMMAND belongs to COMMAND.
`)
}

// printFlags prints flags under the headings of their groups.
func printFlags(out io.Writer, flags []Flag) {
	group := ""
	for _, flag := range flags {
		if flag.Group != group {
			group = flag.Group
			fmt.Fprintf(out, "\n%s:\n\n", group)
		}
		printFlag(out, flag)
	}
}

func printFlag(out io.Writer, flag Flag) {
	left := "  --" + flag.Name
	if flag.Short != "" {
		left += ", -" + flag.Short
	}
	if flag.Kind == KindSwitch {
		left += "[=" + flag.Placeholder + "]"
	} else if flag.Placeholder != "" {
		left += "=" + flag.Placeholder
	}
	lines := wrap(flag.Help+remarks(flag), helpWidth-helpColumn)
	if len(left)+2 > helpColumn {
		fmt.Fprintln(out, left)
		left = ""
	}
	for _, line := range lines {
		fmt.Fprintf(out, "%-*s%s\n", helpColumn, left, line)
		left = ""
	}
}

// remarks returns the default and the variable of a flag, as far as it has them.
func remarks(flag Flag) string {
	var all []string
	if flag.Default != "" {
		all = append(all, "default "+flag.Default)
	}
	if flag.Env != "" {
		all = append(all, flag.Env)
	}
	if len(all) == 0 {
		return ""
	}
	return " [" + strings.Join(all, ", ") + "]"
}

// wrap breaks text between words into lines of at most width bytes, unless a word is
// longer.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
