package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"websocketd/internal/completion"
	"websocketd/internal/ctl"
)

// completionWord is the first argument that makes this command print a script for a shell. A
// program of that name is served as ./completion.
const completionWord = "completion"

// commandName is what the scripts complete: a renamed binary is another command to a shell.
const commandName = "websocketd"

// completionGrammar has a field for every flag of websocketd completion, with the tags of grammar.
type completionGrammar struct {
	About struct {
		Help bool `short:"h" variable:"none" help:"Show this text."`
	} `embed:"" group:"About websocketd completion"`
}

// completion is websocketd completion with these arguments. It returns the exit status.
func (i invocation) completion(args []string) int {
	flags := flagsOf(&completionGrammar{})
	bad := func(message string) int {
		return i.refuse(&refusal{status: ExitFlags, message: message, seeHelp: true, of: completionWord})
	}
	line, err := scanAround(flags, args)
	words := line.words()
	switch {
	case err != nil:
		return bad(err.Error())
	case line.help:
		i.completionHelp(i.stdout, describeAll(flags))
		return ExitOK
	case len(words) != 1:
		return bad("please specify one shell: websocketd completion " + strings.Join(completion.Shells, "|"))
	}
	script, err := Completion(words[0])
	if err != nil {
		return bad("there is no completion for " + err.Error())
	}
	if _, err := io.WriteString(i.stdout, script); err != nil {
		fmt.Fprintln(i.stderr, err)
		return ExitUsage
	}
	return ExitOK
}

// completionHelp prints everything there is to know about websocketd completion.
func (i invocation) completionHelp(out io.Writer, flags []Flag) {
	fmt.Fprintf(out, `Usage: %[1]s completion bash|zsh|fish

Prints what makes a shell complete the flags and words of %[1]s, their values,
and COMMAND. A package has it in place already.

Examples:

  In this shell
    source <(%[1]s completion bash)
    source <(%[1]s completion zsh)
    %[1]s completion fish | source

  In every one of this user
    %[1]s completion bash >~/.local/share/bash-completion/completions/%[1]s
    %[1]s completion zsh >~/.zfunc/_%[1]s     # a directory of $fpath
    %[1]s completion fish >~/.config/fish/completions/%[1]s.fish
`, i.name)
	printFlags(out, flags)
}

// Completion returns the script that completes the command in a shell, one of completion.Shells.
func Completion(shell string) (string, error) {
	return completion.Script(shell, wholeCommand())
}

// flagsOf returns the flags of a grammar. It panics on mistakes in the grammar's tags.
func flagsOf(grammar any) []*kong.Flag {
	return readGrammar(grammar).Model.Flags
}

// wholeCommand returns the whole command, as a shell has to know it.
func wholeCommand() completion.Command {
	words := []completion.Command{
		{Name: connectWord, Help: "Talk to a server, as its client", Flags: toComplete(ConnectFlags())},
		describedCtl(),
		{Name: passwdWord, Help: "Set the password of a user, or make a token", Flags: toComplete(PasswdFlags()), Rest: completion.File},
		{Name: completionWord, Help: "Print what makes a shell complete", Flags: toComplete(describeAll(flagsOf(&completionGrammar{})))},
	}
	for _, shell := range completion.Shells {
		words[3].Words = append(words[3].Words, completion.Command{Name: shell, Help: "The script for " + shell})
	}
	help := completion.Command{Name: "help", Help: "Show every option"}
	for _, w := range words {
		help.Words = append(help.Words, completion.Command{Name: w.Name, Help: w.Help})
	}
	return completion.Command{Name: commandName, Flags: toComplete(Flags()), Words: append(words, help), Rest: completion.Program}
}

// describedCtl returns websocketd ctl: each verb takes some of its flags.
func describedCtl() completion.Command {
	flags := newCtlParser().Model.Flags
	c := completion.Command{Name: ctlWord, Help: "Ask what runs, show it, and end it", Flags: toComplete(describeAll(flags))}
	for _, v := range ctl.Verbs() {
		verb := completion.Command{Name: v.Name, Help: completion.Brief(v.Help), Flags: toComplete(describeAll(flagsOfVerb(flags, &v)))}
		if strings.Contains(v.Takes, "NAME") {
			verb.Rest = completion.Served
		}
		c.Words = append(c.Words, verb)
	}
	return c
}

// flagsOfVerb returns those of the flags of websocketd ctl that a verb takes.
func flagsOfVerb(flags []*kong.Flag, verb *ctl.Verb) (taken []*kong.Flag) {
	for _, f := range flags {
		if of := f.Tag.Get("of"); of == "" || slices.Contains(strings.Fields(of), verb.Name) {
			taken = append(taken, f)
		}
	}
	return taken
}

// toComplete returns flags as a shell has to know them.
func toComplete(flags []Flag) (all []completion.Flag) {
	for _, f := range flags {
		kind, words := completed(&f)
		all = append(all, completion.Flag{
			Name: f.Name, Short: f.Short, Help: completion.Brief(f.Help), Shows: f.Placeholder,
			Value: kind, Words: words, Optional: f.Kind == KindSwitch, Repeats: f.Kind == KindList,
		})
	}
	return all
}

// completed returns how the value of a flag is completed, and the words it may be.
func completed(f *Flag) (completion.Kind, []string) {
	switch {
	case f.Kind == KindBool:
		return completion.None, nil
	case f.Kind == KindNames && len(f.Words) > 0:
		return completion.List, f.Words
	case len(f.Words) > 0:
		return completion.Words, f.Words
	case f.Placeholder == "DIR":
		return completion.Dir, nil
	case f.Placeholder == "FILE", f.Placeholder == "PATH,..", f.Name == "unixsocket":
		return completion.File, nil
	}
	return completion.Text, nil
}
