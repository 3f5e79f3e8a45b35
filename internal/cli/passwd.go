package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"websocketd/libwebsocketd/credential"
)

// passwdWord is the first argument that makes this command write a file of credentials. A
// program of that name is served as ./passwd.
const passwdWord = "passwd"

// passwdGrammar has a field for every flag of websocketd passwd, with the tags of grammar.
type passwdGrammar struct {
	Deed struct {
		Token   bool `variable:"none" help:"Make a token, print it once, and add its hash: FILE is that of --tokenfile. The other tokens of USER stay."`
		Replace bool `variable:"none" help:"With --token: the new token takes the place of all others of USER."`
		Delete  bool `variable:"none" help:"Remove the lines of USER."`
	} `embed:"" group:"What is done"`
	About struct {
		Help bool `short:"h" variable:"none" help:"Show this text."`
	} `embed:"" group:"About websocketd passwd"`
}

// PasswdFlags returns the flags of websocketd passwd, as Flags does those of the server.
func PasswdFlags() []Flag { return describeAll(flagsOf(&passwdGrammar{})) }

// passwd is websocketd passwd with these arguments. It returns the exit status.
func (i invocation) passwd(args []string) int {
	var g passwdGrammar
	flags := flagsOf(&g)
	bad := func(format string, a ...any) int {
		return i.refuse(&refusal{status: ExitFlags, message: fmt.Sprintf(format, a...), seeHelp: true, of: passwdWord})
	}
	line, err := scanAround(flags, args)
	words := line.words()
	switch {
	case err != nil:
		return bad("%s; a user or a file whose name begins with - stands after --: websocketd passwd -- FILE USER", err)
	case line.help:
		i.passwdHelp(i.stdout, describeAll(flags))
		return ExitOK
	case len(words) != 2:
		return bad("please specify the file and the user: websocketd passwd FILE USER")
	}
	err = decode(line.settings)
	switch deed := g.Deed; {
	case err != nil:
		return bad("%s", err)
	case deed.Token && deed.Delete:
		return bad("please only specify one of --token and --delete")
	case deed.Replace && !deed.Token:
		return bad("please specify --token when requesting --replace: a user has one password only")
	case deed.Delete:
		err = deleteUser(words[0], words[1])
	case deed.Token:
		err = i.addToken(words[0], words[1], deed.Replace)
	default:
		err = i.setPassword(words[0], words[1])
	}
	if err != nil {
		fmt.Fprintln(i.stderr, err)
		return ExitUsage
	}
	return ExitOK
}

func deleteUser(file, user string) error {
	found, err := credential.Edit{User: user}.Apply(file)
	if err == nil && !found {
		err = fmt.Errorf("%s has no user %q", file, user)
	}
	return err
}

// addToken prints a new token, and writes its hash only if it was printed.
func (i invocation) addToken(file, user string, replace bool) error {
	token, line, err := credential.TokenLine(user)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // the error of the print is told
	_, err = credential.Edit{User: user, Line: line, More: !replace, Ready: func() error {
		return printToken(i.stdout, token)
	}}.Apply(file)
	return err
}

// printToken prints what cannot be printed a second time. Go opens the null device where
// standard output is closed.
func printToken(out io.Writer, token string) error {
	err := errors.New("standard output is closed, or the null device")
	if !isNull(out) {
		_, err = fmt.Fprintln(out, token)
	}
	if err != nil {
		return fmt.Errorf("the token cannot be printed, and nothing was changed: %w", err)
	}
	return nil
}

func isNull(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	null, nullErr := os.Stat(os.DevNull)
	return err == nil && nullErr == nil && os.SameFile(info, null)
}

// setPassword asks for a password and writes its hash.
func (i invocation) setPassword(file, user string) error {
	if err := credential.CheckNew(user); err != nil {
		return err
	}
	password, err := askPassword(os.Stdin, i.stderr, user)
	if err != nil {
		return err
	}
	line, err := credential.PasswordLine(user, password)
	if err != nil {
		return err
	}
	_, err = credential.Edit{User: user, Line: line}.Apply(file)
	return err
}

// passwdHelp prints everything there is to know about websocketd passwd.
func (i invocation) passwdHelp(out io.Writer, flags []Flag) {
	fmt.Fprintf(out, `Usage: %[1]s passwd [options] FILE USER

Writes a file of credentials: sets the password of a user, or makes one more
token. FILE is made if it is not there; other lines of it stay as they are. A
server that uses it takes it up within a second.

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
this machine can see. A user or a file whose name begins with - stands after --.
`)
}
