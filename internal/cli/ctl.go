package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"websocketd/internal/ctl"
	"websocketd/internal/terminal"
)

// ctlWord is the first argument that makes this command that of the operator. A program of that
// name is served as ./ctl.
const ctlWord = "ctl"

// ctlGrammar has a field for every flag of websocketd ctl, with the tags of grammar. The verbs
// that take a flag are in its tag of.
type ctlGrammar struct {
	Whom struct {
		Admin          string `placeholder:"ADDR" check:"ctl address" help:"Management listener to ask, as in --admin of the server: HOST:PORT, a port alone, unix:PATH, or the URL that the server prints. Without it the newest server of this user on this machine."`
		Admintokenfile string `placeholder:"FILE" check:"token file" help:"File with the token that the server asks for, in its first line. Over a unix socket there is none."`
	} `embed:"" group:"Which server"`
	Output struct {
		JSON   bool `name:"json" of:"list info sessions connections kick end logs ps start stop restart reload delete upgrade scale" variable:"none" help:"Print JSON as the server has it: a document in one line, and with logs the messages of the channel, one a line. Where standard output is no terminal that is the default, but for logs; --json=false prints tables."`
		Follow bool `short:"f" of:"logs" variable:"none" help:"Go on with what is written next, and through lost connections and restarts of the server, until Ctrl-C."`
		Lines  int  `short:"n" of:"logs attach" placeholder:"N" min:"0" variable:"none" help:"Of what is kept the last N lines, in place of all."`
	} `embed:"" group:"What is printed"`
	Supervised struct {
		Timeout duration `of:"start stop restart reload delete upgrade scale" placeholder:"DUR" default:"90s" min:"1ms" variable:"none" help:"How long each supervised program may take until it is as it was asked to be, or an upgrade, which the server gives up after a minute; then this command gives up. A start, a stop or an upgrade goes on nevertheless, a reload is given up."`
	} `embed:"" group:"What is done"`
	About struct {
		Help bool `short:"h" variable:"none" help:"Show this text."`
	} `embed:"" group:"About websocketd ctl"`
}

// ctlParser is the grammar in kong's form, with the values it last parsed.
type ctlParser struct {
	*kong.Kong
	ctlGrammar
}

// newCtlParser panics on mistakes in the grammar's tags.
func newCtlParser() *ctlParser {
	p := &ctlParser{}
	p.Kong = readGrammar(&p.ctlGrammar)
	return p
}

// CtlFlags returns the flags of websocketd ctl, as Flags does those of the server.
func CtlFlags() []Flag { return describeAll(newCtlParser().Model.Flags) }

// ctl is websocketd ctl with these arguments. It returns the exit status.
func (i invocation) ctl(args []string) int {
	p := newCtlParser()
	line, err := scanAround(p.Model.Flags, args)
	verb, names, r := ctlVerb(&line, err)
	switch {
	case r != nil:
		return i.refuse(r)
	case verb == nil:
		i.ctlHelp(i.stdout)
		return ExitOK
	case line.help:
		i.ctlVerbHelp(i.stdout, verb)
		return ExitOK
	}
	o, r := p.options(verb, names, line.settings, i.environ)
	if r != nil {
		return i.refuse(r)
	}
	return ctl.Run(o, ctl.Streams{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
}

// ctlFault returns the refusal of arguments that are not understood.
func ctlFault(format string, a ...any) *refusal {
	return &refusal{status: ExitFlags, message: fmt.Sprintf(format, a...)}
}

// ctlVerb returns the verb that the arguments name, and what follows it; nil if they ask for
// help alone.
func ctlVerb(line *commandLine, err error) (verb *ctl.Verb, names []string, r *refusal) {
	words := line.words()
	asked := len(words) > 0 && words[0] == "help"
	if asked {
		words, line.help = words[1:], true
	}
	if len(words) > 0 {
		if verb = verbNamed(words[0]); verb == nil {
			return nil, nil, ctlFault("there is no verb %q%s", words[0], meantVerb(words[0]))
		}
		names = words[1:]
	}
	switch {
	case err != nil:
		return nil, nil, ctlFault("%s; %s --help shows every option", err, ofCtl(verb))
	case line.help || verb == nil && len(line.settings) == 0:
		return verb, names, nil
	case verb == nil:
		return nil, nil, ctlFault("please specify what to do: one of %s", strings.Join(verbNames(), ", "))
	}
	return verb, names, checkNames(verb, names)
}

// ofCtl returns the words before the flags of a verb, which may be nil.
func ofCtl(verb *ctl.Verb) string {
	if verb == nil {
		return "websocketd " + ctlWord
	}
	return "websocketd " + ctlWord + " " + verb.Name
}

// checkNames refuses too few names, and too many.
func checkNames(verb *ctl.Verb, names []string) *refusal {
	usage := strings.TrimSpace(ofCtl(verb) + " " + verb.Takes)
	switch {
	case len(names) < verb.Least:
		return ctlFault("please specify which: %s", usage)
	case verb.Most >= 0 && len(names) > verb.Most:
		return ctlFault("%q is too much: %s", names[verb.Most], usage)
	case slices.Contains(names, ""):
		return ctlFault("a name is empty: %s", usage)
	}
	if err := verb.CheckNames(names); err != nil {
		return ctlFault("%s: %s", err, usage)
	}
	return nil
}

func verbNamed(name string) *ctl.Verb {
	for _, v := range ctl.Verbs() {
		if v.Name == name {
			return &v
		}
	}
	return nil
}

func verbNames() (names []string) {
	for _, v := range ctl.Verbs() {
		names = append(names, v.Name)
	}
	return names
}

// verbsElsewhere maps verbs of other commands to ours for the same purpose.
var verbsElsewhere = map[string]string{
	"ls": "list", "programs": "list", "processes": "ps", "status": "ps", "top": "ps", "monit": "ps", "show": "info", "describe": "info", "clients": "connections",
	"log": "logs", "tail": "logs", "kill": "end", "rm": "delete", "remove": "delete", "del": "delete", "up": "start", "down": "stop", "exec": "attach",
}

// meantVerb returns a question that suggests a verb for an unknown word, or says which there
// are.
func meantVerb(word string) string {
	like := verbsElsewhere[word]
	if like == "" {
		like = nearest(word, verbNames())
	}
	if like == "" {
		return ": there are " + strings.Join(verbNames(), ", ")
	}
	return "; did you mean " + like + "?"
}

// options returns what the arguments and the environment ask for.
func (p *ctlParser) options(verb *ctl.Verb, names []string, settings []setting, environ []string) (o ctl.Options, r *refusal) {
	for _, s := range settings {
		if of := s.flag.Tag.Get("of"); of != "" && !slices.Contains(strings.Fields(of), verb.Name) {
			return o, ctlFault("--%s is not for %s: it is for %s", s.flag.Name, verb.Name, strings.Join(strings.Fields(of), ", "))
		}
	}
	if err := decode(settings); err != nil {
		return o, ctlFault("%s", err)
	}
	o = ctl.Options{
		Verb: verb.Name, Names: names, Dirs: runtimeDirs(environ), JSON: p.Output.JSON, Follow: p.Output.Follow, Lines: -1,
		Colour: colour(environ), Timeout: time.Duration(p.Supervised.Timeout),
	}
	if sets(settings, "lines") {
		o.Lines = p.Output.Lines
	}
	if !sets(settings, "json") {
		o.JSON = verb.Documents && !terminal.Is(os.Stdout)
	}
	if r = p.address(&o, environ); r == nil {
		r = p.token(&o, environ)
	}
	return o, r
}

// colour returns what the environment says of colours: NO_COLOR of no-color.org and FORCE_COLOR of
// force-color.org, whatever their value is, and TERM=dumb of a terminal that has none.
func colour(environ []string) ctl.Colour {
	switch {
	case variableOf(environ, "NO_COLOR") != "":
		return ctl.ColourNever
	case variableOf(environ, "FORCE_COLOR") != "":
		return ctl.ColourAlways
	case variableOf(environ, "TERM") == "dumb":
		return ctl.ColourNever
	}
	return ctl.ColourAtTerminal
}

// address sets where the server is: by the flag, or else by its variable. The value true of the
// latter is about a server only.
func (p *ctlParser) address(o *ctl.Options, environ []string) *refusal {
	given, by := p.Whom.Admin, "--admin"
	if given == "" {
		given, by = variableOf(environ, "WEBSOCKETD_ADMIN"), "the variable WEBSOCKETD_ADMIN"
	}
	if _, err := strconv.ParseBool(given); err == nil || given == "" {
		return nil
	}
	address, err := ctl.ParseAddress(given)
	if err != nil {
		return ctlFault("invalid value %q for %s: %s", masked(given), by, err)
	}
	o.Address = address
	return nil
}

// ctlHelp prints everything there is to know about websocketd ctl.
func (i invocation) ctlHelp(out io.Writer) {
	fmt.Fprintf(out, `Usage: %[1]s ctl VERB [options] [NAME|ID..]

Asks the management listener of a server, which --admin of the server makes:
what runs, what it writes, and to end it.

`, i.name)
	for _, v := range ctl.Verbs() {
		left := strings.TrimSpace(v.Name + " " + v.Takes)
		for _, line := range wrap(v.Help, helpWidth-helpColumn) {
			fmt.Fprintf(out, "  %-*s%s\n", helpColumn-2, left, line)
			left = ""
		}
	}
	fmt.Fprintf(out, `
Examples:

  Serve, and see what is served
    %[1]s --admin --port=8080 --shared ./chat
    %[1]s ctl list

  Follow what the process of all clients writes
    %[1]s ctl logs -f chat

  End what a client has started
    %[1]s ctl connections
    %[1]s ctl kick 1764295000123456789

  See the supervised programs, and give one another process without a gap
    %[1]s ctl ps
    %[1]s ctl reload web
`, i.name)
	printFlags(out, CtlFlags())
	fmt.Fprint(out, `
NAME is that of a program, ID that of a session or a connection; a session may
be named by its number, and process: may stand before a name. Supervised
programs have instances: NAME is all of a program, NAME-0 the first of several,
and the number in ps is one, too. Flags may stand before and after names.
WEBSOCKETD_ADMINTOKEN may have the token itself.
`)
}

// ctlVerbHelp prints how one verb is used.
func (i invocation) ctlVerbHelp(out io.Writer, verb *ctl.Verb) {
	fmt.Fprintf(out, "Usage: %s\n\n%s\n", strings.TrimSpace(i.name+" ctl "+verb.Name+" [options] "+verb.Takes), verb.Help)
	printFlags(out, describeAll(flagsOfVerb(newCtlParser().Model.Flags, verb)))
}

// checkCtlAddress checks a value of --admin. A switch that is on, as for a server, names none.
func checkCtlAddress(text string) error {
	if _, err := strconv.ParseBool(text); err == nil {
		return nil
	}
	_, err := ctl.ParseAddress(text)
	return err
}
