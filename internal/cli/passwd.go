package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"websocketd/libwebsocketd/credential"
)

// passwdWord is the first argument that makes this command write a file of credentials. A
// program of that name is served as ./passwd.
const passwdWord = "passwd"

// passwdGrammar has a field for every flag of websocketd passwd, with the tags of grammar.
type passwdGrammar struct {
	Deed struct {
		Token  bool `variable:"none" help:"Make a token, print it once, and write its hash: FILE is that of --tokenfile."`
		Delete bool `variable:"none" help:"Remove the lines of USER."`
	} `embed:"" group:"What is done"`
	About struct {
		Help bool `short:"h" variable:"none" help:"Show this text."`
	} `embed:"" group:"About websocketd passwd"`
}

// passwd is websocketd passwd with these arguments. It returns the exit status.
func (i invocation) passwd(args []string) int {
	var g passwdGrammar
	parser := kong.Must(&g, kong.NoDefaultHelp(), rawStrings)
	flags := parser.Model.Flags
	bad := func(format string, a ...any) int {
		return i.refuse(&refusal{status: ExitFlags, message: fmt.Sprintf(format, a...), seeHelp: true, of: passwdWord})
	}
	settings, words, help, err := scanAround(flags, args)
	switch {
	case err != nil:
		return bad("%s", err)
	case help:
		i.passwdHelp(i.stdout, describeAll(flags))
		return ExitOK
	case len(words) != 2:
		return bad("please specify the file and the user: websocketd passwd FILE USER")
	}
	if _, err = parser.Parse(nil); err == nil {
		err = decode(settings)
	}
	switch file, user := words[0], words[1]; {
	case err != nil:
		return bad("%s", err)
	case g.Deed.Token && g.Deed.Delete:
		return bad("please only specify one of --token and --delete")
	case g.Deed.Delete:
		err = deleteUser(file, user)
	case g.Deed.Token:
		err = i.setToken(file, user)
	default:
		err = i.setPassword(file, user)
	}
	if err != nil {
		fmt.Fprintln(i.stderr, err)
		return ExitUsage
	}
	return ExitOK
}

func deleteUser(file, user string) error {
	found, err := credential.Edit(file, user, "")
	if err == nil && !found {
		err = fmt.Errorf("%s has no user %q", file, user)
	}
	return err
}

// setToken prints a new token when its hash has been written.
func (i invocation) setToken(file, user string) error {
	token, line, err := credential.TokenLine(user)
	if err != nil {
		return err
	}
	if _, err = credential.Edit(file, user, line); err != nil {
		return err
	}
	_, err = fmt.Fprintln(i.stdout, token)
	return err
}

// setPassword asks for a password and writes its hash.
func (i invocation) setPassword(file, user string) error {
	password, err := askPassword(os.Stdin, i.stderr, user)
	if err != nil {
		return err
	}
	line, err := credential.PasswordLine(user, password)
	if err != nil {
		return err
	}
	_, err = credential.Edit(file, user, line)
	return err
}

// passwdHelp prints everything there is to know about websocketd passwd.
func (i invocation) passwdHelp(out io.Writer, flags []Flag) {
	fmt.Fprintf(out, `Usage: %[1]s passwd [options] FILE USER

Writes a file of credentials: sets the password of a user, or makes a token. FILE
is made if it is not there; other lines of it stay as they are. A server that
uses it takes it up within a second.

Examples:

  Set ada's password, and serve those who know it
    %[1]s passwd users ada
    %[1]s --port=8080 --authfile=users ./program

  Make a token for a script
    TOKEN=$(%[1]s passwd --token tokens ada)
`, i.name)
	printFlags(out, flags)
	fmt.Fprintf(out, `
At a terminal the password is asked for twice, and not shown; otherwise it is
the first line of standard input. It is never an argument, which every user of
this machine can see.
`)
}
