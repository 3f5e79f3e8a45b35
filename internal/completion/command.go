package completion

import (
	"errors"
	"fmt"
	"strings"
)

// Kind tells how a value, or a word, is completed.
type Kind string

const (
	None    Kind = ""        // there is none
	Text    Kind = "text"    // nothing is known of it
	File    Kind = "file"    // a file
	Dir     Kind = "dir"     // a directory
	Words   Kind = "words"   // one of some words
	List    Kind = "list"    // some of these words, between commas
	Program Kind = "program" // COMMAND and its arguments
	Served  Kind = "served"  // the name of a program that a server of this user serves
)

// Flag is one that a command takes.
type Flag struct {
	Name     string // without its hyphens
	Short    string // a letter that means the same; "": none
	Help     string // one line
	Shows    string // what stands for its value in the help
	Value    Kind
	Optional bool // the value may be left out, and only follows =
	Words    []string
	Repeats  bool
}

// Command is a command, or a word of one.
type Command struct {
	Name  string
	Help  string // one line
	Flags []Flag
	Words []Command // the word that stands first
	Rest  Kind      // other words
}

// ErrShell is the error of a shell that there is no script for.
var ErrShell = errors.New("must be one of bash, zsh, fish")

// Shells are those that there is a script for.
var Shells = []string{"bash", "zsh", "fish"}

// Script returns the script for a shell.
func Script(shell string, c Command) (string, error) {
	switch shell {
	case "bash":
		return bash(c), nil
	case "zsh":
		return zsh(c), nil
	case "fish":
		return fish(c), nil
	}
	return "", fmt.Errorf("%q: %w", shell, ErrShell)
}

// takesNext reports whether the value of a flag may be the next word.
func (f *Flag) takesNext() bool { return f.Value != None && !f.Optional }

// names returns those by which a flag is called.
func (f *Flag) names() []string {
	if f.Short == "" {
		return []string{f.Name}
	}
	return []string{f.Name, f.Short}
}

// place is a command with where it stands.
type place struct {
	Command
	path string // "" is the command itself, then "ctl", "ctl/logs"
}

// places returns a command and all of its words.
func places(c Command) []place {
	all := []place{{c, ""}}
	for _, word := range c.Words {
		for _, below := range places(word) {
			below.path = strings.TrimSuffix(word.Name+"/"+below.path, "/")
			all = append(all, below)
		}
	}
	return all
}

// Brief returns the beginning of a help text, to stand in one line beside a flag.
func Brief(help string) string {
	const width = 60
	end := len(help)
	for _, mark := range []string{". ", "; ", ": "} {
		if at := strings.Index(help, mark); at >= 0 {
			end = min(end, at)
		}
	}
	line := strings.TrimSuffix(help[:end], ".")
	if len(line) <= width {
		return line
	}
	return strings.TrimRight(line[:strings.LastIndexByte(line[:width], ' ')], ",") + " .."
}

// quote returns a text as one word of sh, bash and zsh.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
