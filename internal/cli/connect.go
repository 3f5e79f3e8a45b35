package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"websocketd/internal/connect"
)

// connectWord is the first argument that makes this command a client. A program of that
// name is served as ./connect.
const connectWord = "connect"

// connectGrammar has a field for every flag of websocketd connect, with the tags of grammar.
// No variable sets them: those of the same name are about the server, and may be set where
// both run.
type connectGrammar struct {
	Whom     whomFlags     `embed:"" group:"Whom to connect to"`
	TLS      identityFlags `embed:"" group:"Encryption"`
	Messages shapeFlags    `embed:"" group:"What travels"`
	End      endFlags      `embed:"" group:"When it ends"`
	About    struct {
		Help bool `short:"h" variable:"none" help:"Show this text."`
	} `embed:"" group:"About websocketd connect"`
}

type whomFlags struct {
	Pow        string   `placeholder:"NAME" check:"call" variable:"none" help:"Call the program of this name, with the PARAMs, on a server that serves programs by name (websocketd --pow). Its input and output are those of this command, unchanged; Ctrl-C cancels the call. A URL without a path is that of the server: /pow/ is added."`
	Protocol   names    `placeholder:"NAME,.." variable:"none" help:"Subprotocols to offer, the preferred one first."`
	Header     []string `short:"H" placeholder:"NAME:VALUE|@FILE" sep:"none" check:"header line" variable:"none" help:"Header of the request, or a file with one a line, which keeps a secret out of the list of processes. May be given more than once."`
	Origin     string   `placeholder:"ORIGIN" check:"claim" variable:"none" help:"Origin to claim, as the page of a browser does: https://example.com. Without it there is none."`
	User       string   `short:"u" placeholder:"NAME:PASSWORD" check:"user" variable:"none" help:"Name and password for a server, or a proxy before it, that asks for Basic authentication. They stand in the list of processes: for a lasting secret take --tokenfile, or --header=@FILE with a line Authorization: Basic and its value."`
	Tokenfile  string   `placeholder:"FILE" check:"token file" variable:"none" help:"File with a bearer token for a server that asks for one, which stays out of the list of processes. It is read again for each connection."`
	Unixsocket string   `placeholder:"PATH" variable:"none" help:"Unix socket to connect to. URL is what the server is told then, and may be left out: ws://localhost/."`
}

type identityFlags struct {
	CA       string `name:"ca" placeholder:"FILE" variable:"none" help:"Authority, PEM, that must have signed the server's certificate, in place of those the system trusts."`
	Cert     string `placeholder:"FILE" variable:"none" help:"Certificate to show to the server, PEM."`
	Key      string `placeholder:"FILE" variable:"none" help:"Its private key, PEM, if it is not in the same file."`
	Insecure bool   `short:"k" variable:"none" help:"Accept any certificate: whoever is in between can read and change everything."`
}

type shapeFlags struct {
	Framing      string `placeholder:"NAME" default:"line" enum:"line,raw,null,length,lsp,ndjson" variable:"none" help:"How messages are separated on standard input and output, as with websocketd --framing: line, one line each; raw, as read; null, a NUL after each; length, 4 bytes of length before each, in binary messages; lsp, a Content-Length header before each; ndjson, one JSON value a line."`
	Newlines     string `placeholder:"MODE" default:"pass" enum:"pass,escape,reject" variable:"none" help:"What happens to newlines inside a message that comes, with --framing=line: pass makes several lines of it; escape writes \\n for LF and \\r for CR; reject ends the connection."`
	Binary       bool   `variable:"none" help:"Pass bytes as they come, in binary messages, instead of lines in text messages."`
	Maxline      size   `placeholder:"SIZE" default:"1MiB" min:"4" max:"1GiB" variable:"none" help:"Longest line to send as one message; a longer one is sent in pieces of this size. With --framing=null, length, lsp and ndjson the longest message, and a longer one ends the connection."`
	Maxframesize size   `placeholder:"SIZE" default:"16MiB" min:"1" max:"1GiB" variable:"none" help:"With --resume, and with --framing=length, lsp and ndjson, where messages must be whole, the longest one to receive; a longer one ends the connection. Otherwise a message of any size is passed on as it comes."`
}

type endFlags struct {
	Pingms  uint    `placeholder:"MILLISECONDS" default:"30000" variable:"none" help:"Time between pings. A server that is silent for two of them is lost. 0 sends none and waits for ever."`
	Resume  bool    `variable:"none" help:"Go on after a lost connection where it was, with a program that outlives it: one served with --shared or --resume."`
	Eofwait keeping `placeholder:"DUR|never" default:"never" variable:"none" help:"Leave when standard input has ended and nothing of a message has come for DUR since; 0s leaves at once. never: what comes is printed until the server closes, because a WebSocket cannot say that one side has no more to send. At a terminal Ctrl-D leaves at once, unless DUR is given."`
}

// connectParser is the grammar in kong's form, with the values it last parsed.
type connectParser struct {
	*kong.Kong
	connectGrammar
	params []string // of a call
}

// newConnectParser panics on mistakes in the grammar's tags.
func newConnectParser() *connectParser {
	p := &connectParser{}
	p.Kong = readGrammar(&p.connectGrammar)
	return p
}

// ConnectFlags returns the flags of websocketd connect, as Flags does those of the server.
func ConnectFlags() []Flag { return describeAll(newConnectParser().Model.Flags) }

// connect is websocketd connect with these arguments. It returns the exit status.
func (i invocation) connect(args []string) int {
	p := newConnectParser()
	address, help, r := p.parse(args)
	switch {
	case r != nil:
		return i.refuse(r)
	case help:
		i.connectHelp(i.stdout)
		return ExitOK
	}
	o, err := p.options(address)
	if err != nil {
		return i.refuse(&refusal{status: ExitFlags, message: err.Error()})
	}
	return connect.Run(o, connect.Streams{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
}

// connectHelp prints everything there is to know about websocketd connect.
func (i invocation) connectHelp(out io.Writer) {
	fmt.Fprintf(out, `Usage: %[1]s connect [options] URL
       %[1]s connect [options] --pow=NAME URL [PARAM..]

Connects to a WebSocket: lines of standard input become messages, and messages
lines of standard output. The exit status is that of the program at the other
end; 1 if there was no connection, or it was lost.

Examples:

  Talk to a program
    %[1]s connect ws://localhost:8080/

  Ask one question, and leave when no answer has come for a second
    echo hello | %[1]s connect --eofwait=1s ws://localhost:8080/

  Follow a program, through lost connections
    %[1]s connect --resume wss://example.com/build >build.log

  Call a program by its name, with parameters
    %[1]s connect --pow=count ws://localhost:8080 -- -l <text
`, i.name)
	printFlags(out, ConnectFlags())
	fmt.Fprintf(out, `
URL may lack its ws://, and the host if it is this machine: :8080/path. Flags
may come before and after it. With --pow what follows -- are parameters only;
with --unixsocket, too, the first word is a URL only if it has ://, begins with
a slash, or has a port: HOST:PORT, :PORT.
`)
}
