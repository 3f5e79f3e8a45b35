package generated

import (
	"fmt"
	"strconv"
	"strings"

	"websocketd/internal/cli"
	"websocketd/internal/ctl"
)

// commandPage returns websocketd(1).
func commandPage() string {
	r := newRoff("websocketd", 1, "User Commands")
	r.section("NAME")
	r.WriteString("websocketd \\- make any program a WebSocket server\n")
	r.section("SYNOPSIS")
	for _, use := range [][2]string{
		{"", "[OPTION..] COMMAND [ARGUMENT..]"}, {"", "[OPTION..] --dir=DIR"}, {"", "[OPTION..] --config=FILE"},
		{" connect", "[OPTION..] URL"}, {" ctl", "VERB [OPTION..] [NAME|ID..]"}, {" passwd", "[OPTION..] FILE USER"}, {" completion", "bash|zsh|fish"},
	} {
		r.between(".br")
		fmt.Fprintf(r, "%s %s\n", bold("websocketd"+use[0]), italic(use[1]))
	}
	r.section("DESCRIPTION")
	r.text(`Any program that reads standard input and writes standard output is a WebSocket server: each client gets a process of its own, each line is a message, and nothing that the program says is lost. A client that closes its connection ends the process; a process that ends closes the connection, with a code that says how.`)
	r.text(`Without options only this machine can connect, and only pages of this machine's own. A process may be shared by all clients of a URL (--shared), outlive its connection (--resume), or be started with the server and kept alive (websocketd.toml(5)).`)
	r.text(`Flags end at COMMAND: everything after it belongs to COMMAND. A value follows = or is the next argument; one in brackets may be left out, and only follows =. One hyphen is as good as two. --name=false switches off a flag that takes no value.`)
	r.section("OPTIONS")
	flags(r, cli.Flags())
	words(r)
	statuses(r)
	surroundings(r)
	examples(r)
	r.seeAlso("websocketd.toml(5)", "systemd.service(5)", "systemd.socket(5)")
	return r.String()
}

// flags writes flags under the headings of their groups.
func flags(r *roff, all []cli.Flag) {
	group := ""
	for _, f := range all {
		if f.Group != group {
			group = f.Group
			r.subsection(group)
		}
		r.item(flagTerm(&f), f.Help+remarks(&f))
	}
}

// flagTerm returns a flag with its value, as the page shows it.
func flagTerm(f *cli.Flag) string {
	term := bold("--" + f.Name)
	switch {
	case f.Kind == cli.KindSwitch:
		term += "[=" + italic(f.Placeholder) + "]"
	case f.Placeholder != "":
		term += "=" + italic(f.Placeholder)
	}
	if f.Short != "" {
		term += ", " + bold("-"+f.Short)
	}
	return term
}

// remarks returns the default of a flag, and its variable.
func remarks(f *cli.Flag) string {
	said := ""
	if f.Default != "" {
		said = " Default: " + f.Default + "."
	}
	if f.Env != "" {
		said += " Variable: " + f.Env + "."
	}
	return said
}

// words writes the sections of what is done by a first word.
func words(r *roff) {
	r.section("CONNECT")
	r.text(`websocketd connect is the client: lines of standard input become messages, and messages lines of standard output. URL may lack its ws://, and the host if it is this machine: :8080/path. The exit status is that of the program at the other end; 1 if there was no connection, or it was lost.`)
	flags(r, cli.ConnectFlags())
	r.section("CTL")
	r.text(`websocketd ctl asks the management listener of a server, which --admin makes: what runs, what it writes, and to end it. NAME is that of a program, ID that of a session or a connection; a session may be named by its number. The exit status is 1 if there is no server, or it refuses; that of attach is the process's.`)
	for _, v := range ctl.Verbs() {
		r.item(strings.TrimSpace(bold(v.Name)+" "+italic(v.Takes)), v.Help)
	}
	flags(r, cli.CtlFlags())
	r.section("PASSWD")
	r.text(`websocketd passwd writes a file of credentials, of --authfile or --tokenfile: it sets the password of a user, or makes one more token. The password is asked for at a terminal, or else the first line of standard input.`)
	flags(r, cli.PasswdFlags())
	r.section("COMPLETION")
	r.text(`websocketd completion prints what makes a shell complete all of this: source <(websocketd completion bash).`)
}

func statuses(r *roff) {
	r.section("EXIT STATUS")
	for _, s := range []struct {
		status int
		help   string
	}{
		{cli.ExitOK, "The server was stopped by a signal or --exitidle, or help, version or licence were shown."},
		{cli.ExitUsage, "The flags are well-formed, but what they ask for cannot be served."},
		{cli.ExitFlags, "A flag, a variable or the config file cannot be understood. All faults of the file are on standard error, with their lines."},
		{cli.ExitListen, "The server could not start, or a listener failed while serving."},
	} {
		r.item(bold(strconv.Itoa(s.status)), s.help)
	}
	r.item(bold("128+N"), "A second signal of the number N stopped it at once. With --once and --exitwithchild the status is that of the process, and this one if a signal ended the process.")
	r.text("A process's exit status N is the close code 4000+N that its client sees, 1000 for 0; a signal S is 4128+S.")
	r.section("SIGNALS")
	r.item(bold("SIGTERM")+", "+bold("SIGINT"), "Stop: clients are closed with 1001, after the time of --shutdown, and every process is ended. A second one stops at once.")
	r.item(bold("SIGHUP"), "Read the config file again, and open the log file of --logfile anew. A faulty file changes nothing. Without both, stop, unless nohup(1) or systemd has started the server.")
	r.item(bold("SIGUSR1"), "Log what goes on: the server, each program, and where the goroutines are. The server goes on.")
	r.item(bold("SIGUSR2"), "On Linux: replace the server by a new process of its executable, as websocketd ctl upgrade does. Processes that outlive their clients go on.")
}

func surroundings(r *roff) {
	r.section("ENVIRONMENT")
	r.item(bold("WEBSOCKETD_")+italic("NAME"), "Sets the flag --NAME, with _ for the hyphens inside the name. A flag wins over the variable, the variable over the config file, and the file over the default. An empty variable sets nothing.")
	r.item(bold("XDG_RUNTIME_DIR"), "Where websocketd ctl finds the servers of this user; root's are in /run/websocketd.")
	r.item(bold("NO_COLOR")+", "+bold("FORCE_COLOR")+", "+bold("TERM"), "Nothing is coloured or bold with NO_COLOR or TERM=dumb; websocketd ctl prints bold headings with FORCE_COLOR, also where there is no terminal.")
	r.item(bold("NOTIFY_SOCKET")+", "+bold("WATCHDOG_USEC")+", "+bold("LISTEN_FDS"), "Set by systemd. No process gets them.")
	r.text("A process gets only those variables of the server that --passenv names, and those of its request, as CGI has them (RFC 3875).")
	r.section("FILES")
	r.item(italic("/etc/websocketd/websocketd.toml"), "What the systemd unit of the packages serves.")
	r.item(italic("$XDG_CONFIG_HOME/websocketd/websocketd.toml")+", "+italic("~/.config/websocketd/websocketd.toml"), "The first of these and the one above that is there is the config file where neither --config nor COMMAND, --dir, --staticdir or --cgidir says what to serve. It must belong to the user or root, and not everyone may write it.")
}

func examples(r *roff) {
	r.section("EXAMPLES")
	r.text("Count to ten, for clients on this machine, at ws://127.0.0.1:8080/:")
	r.code("websocketd --port=8080 seq 10")
	r.text("Serve every executable file of a directory to the whole network, and talk to one of them:")
	r.code("websocketd --port=8080 --address=0.0.0.0 --dir=./scripts", "websocketd connect ws://localhost:8080/greet.sh")
	r.text("One process for all clients, which the operator can look at:")
	r.code("websocketd --port=8080 --admin --shared ./chat", "websocketd ctl logs -f chat")
}
