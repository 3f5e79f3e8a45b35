package credential

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/after"
	"websocketd/libwebsocketd/process"
)

const (
	commandPatience = 10 * time.Second
	commandsAtOnce  = 8
	keepAnswer      = time.Minute     // that lets in
	keepRefusal     = 5 * time.Second // that does not
)

// Command is the credential of those whom a program of the operator's lets in: it is asked
// for each user and password, and for each bearer token.
type Command struct {
	argv     []string
	env      []string // of every process
	report   Report
	launcher *process.Launcher
	patience time.Duration
	closed   context.Context
	close    context.CancelFunc

	right *gate.Memory[gate.Identity]
	wrong *gate.Memory[struct{}]
	turns *gate.Turns
}

// NewCommand returns the credential of a program, whose argv[0] is a path. Its processes have
// the environment env and a few variables of the request. They cannot be started before Use.
func NewCommand(argv, env []string, report Report) *Command {
	closed, cancel := context.WithCancel(context.Background())
	return &Command{
		closed: closed, close: cancel,
		argv: argv, env: env, report: report, patience: commandPatience,
		right: gate.NewMemory[gate.Identity](mostRemembered),
		wrong: gate.NewMemory[struct{}](mostRemembered), // of its own: wrong proofs are many, and must not push out the right ones
		turns: gate.NewTurns(commandsAtOnce, mostWaiting),
	}
}

// Use sets what starts the processes, before the first request.
func (c *Command) Use(launcher *process.Launcher) { c.launcher = launcher }

// Close ends the processes that run, and every later one: the server is going away.
func (c *Command) Close() { c.close() }

// Name implements gate.Credential.
func (*Command) Name() string { return "command" }

// Schemes implements gate.Credential.
func (*Command) Schemes() []string { return []string{"Basic", "Bearer"} }

// Identify implements gate.Credential.
func (c *Command) Identify(r *http.Request, from gate.Client, shown gate.Proof) (gate.Identity, *gate.Refusal) {
	if shown.Scheme == "" {
		return gate.Identity{}, nil
	}
	if !isLine(shown.User) || !isLine(shown.Secret) {
		return gate.Identity{}, notLetIn
	}
	if who, refusal, ok := c.remembered(shown); ok {
		return who, refusal
	}
	if refusal := c.turns.Take(r.Context()); refusal != nil {
		return gate.Identity{}, refusal
	}
	defer c.turns.Done()
	if who, refusal, ok := c.remembered(shown); ok { // others of the same page were faster
		return who, refusal
	}
	user, err := c.ask(r, from, shown)
	if err == nil {
		err = CheckUser(user)
	}
	switch {
	case errors.Is(err, errNo):
		c.wrong.Put(shown, struct{}{}, keepRefusal)
		return gate.Identity{}, notLetIn
	case c.closed.Err() != nil:
		return gate.Identity{}, gate.GoingAway
	case r.Context().Err() != nil:
		return gate.Identity{}, noAnswer // the client has left, and the program was ended
	case err != nil:
		c.report(fmt.Errorf("--authcmd: %s: %w", c.argv[0], err))
		return gate.Identity{}, noAnswer
	}
	who := gate.Identity{User: user, Proof: shown.Scheme}
	c.right.Put(shown, who, keepAnswer)
	return who, nil
}

var (
	errNo = errors.New("it does not let that client in")

	notLetIn = gate.Wrong("the credentials are not right")
	noAnswer = &gate.Refusal{Status: http.StatusServiceUnavailable, Kind: gate.KindUnchecked, Reason: "credentials cannot be checked now; the log says why", RetryAfter: 1}
)

// isLine reports whether a text can be a line of the program's input, and be nothing else.
func isLine(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// remembered returns what the program has said of a proof before.
func (c *Command) remembered(shown gate.Proof) (who gate.Identity, refusal *gate.Refusal, ok bool) {
	if who, ok := c.right.Get(shown); ok {
		return who, nil, true
	}
	if _, ok := c.wrong.Get(shown); ok {
		return gate.Identity{}, notLetIn, true
	}
	return gate.Identity{}, nil, false
}

// ask runs the program and returns the user it names, errNo if it lets nobody in, or why it
// has not answered.
func (c *Command) ask(r *http.Request, from gate.Client, shown gate.Proof) (user string, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), c.patience)
	defer cancel()
	defer after.Done(c.closed, cancel)()
	// What it writes to standard error is thrown away: that may be what it was shown.
	p, err := c.launcher.Start(process.Spec{Path: c.argv[0], Args: c.argv, Env: c.environ(r, from, shown), Stderr: process.StderrNowhere})
	if err != nil {
		return "", err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.WaitOrKill(ctx)
	}()
	io.WriteString(p.Stdin, shown.User+"\n"+shown.Secret+"\n") // it need not read that
	p.Stdin.Close()
	line := firstLine(p.Stdout)
	<-ended
	closeErr := p.Close()
	ending := p.Ending()
	switch {
	case ctx.Err() != nil && ending.Signal != 0:
		return "", fmt.Errorf("it has not ended within %v, and was killed", c.patience)
	case closeErr != nil:
		return "", closeErr
	case ending.Signal != 0:
		return "", errors.New(ending.String())
	case !ending.Success():
		return "", errNo
	}
	if user = cmp.Or(line, shown.User); user == "" {
		return "", errNo
	}
	return user, nil
}

// firstLine returns the first line of a process's output, without the blanks around it, and
// reads the rest, so that the process can end.
func firstLine(output *os.File) string {
	lines := bufio.NewReaderSize(output, 2*longestUser)
	line, err := lines.ReadSlice('\n')
	text := strings.TrimSpace(string(line))
	if err == nil || errors.Is(err, bufio.ErrBufferFull) {
		io.Copy(io.Discard, lines)
	}
	return text
}

// environ returns the environment of one process: what is known of the request but nothing
// that is secret.
func (c *Command) environ(r *http.Request, from gate.Client, shown gate.Proof) []string {
	addr := ""
	if from.Addr.IsValid() {
		addr = from.Addr.String()
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil { // there is no port
		host = r.Host
	}
	env := append([]string{}, c.env...)
	for _, v := range []struct{ name, value string }{
		{"AUTH_TYPE", shown.Scheme},
		{"REMOTE_ADDR", addr},
		{"REQUEST_METHOD", r.Method},
		{"REQUEST_URI", gate.WithoutToken(r.RequestURI)},
		{"SERVER_NAME", host},
		{"HTTP_HOST", r.Host},
	} {
		env = append(env, v.name+"="+strings.Map(withoutControl, v.value))
	}
	return env
}

// withoutControl drops what cannot stand in a variable, such as NUL.
func withoutControl(r rune) rune {
	if unicode.IsControl(r) {
		return -1
	}
	return r
}
