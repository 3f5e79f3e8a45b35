package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"websocketd/internal/systemd"
	"websocketd/internal/upgrade"
	"websocketd/libwebsocketd/session"
)

// invocation is one run of the command, with what the operating system passed to it.
type invocation struct {
	build          Build
	name           string   // base name of argv[0]
	args           []string // without argv[0]
	environ        []string // NAME=VALUE
	stdout, stderr io.Writer
	sessions       *session.Registry // of all programs, before and after a reload
	service        *systemd.Service  // what the service manager has passed; nil: there is none
	sockets        []systemd.Socket  // that it has opened
	inherited      inherited         // these, by what they are for
	seat           *upgrade.Seat     // in a row of servers
	found          string            // the configuration file, once it is known
}

// Main runs the command with the arguments, environment and streams of this
// process, until it is stopped by a signal, and returns the exit status.
func Main(build Build) int {
	service := systemd.Take() // before the environment is read
	seat, err := upgrade.Enter()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%v\n", err)
		return ExitListen
	}
	if is, watchdog := seat.Managed(); is {
		service = systemd.Through(seat.Notify, watchdog, seat.Sockets())
	} else if sockets := seat.Sockets(); len(sockets) > 0 {
		service = systemd.Through(nil, 0, sockets)
	}
	return invocation{
		service: service,
		seat:    seat,
		build:   build,
		name:    filepath.Base(os.Args[0]),
		args:    os.Args[1:],
		environ: os.Environ(),
		stdout:  os.Stdout,
		stderr:  os.Stderr,
	}.run()
}

// run serves, unless the first word or a flag asks for something else.
func (i invocation) run() int {
	words := map[string]func(args []string) int{connectWord: i.connect, ctlWord: i.ctl, passwdWord: i.passwd, completionWord: i.completion}
	switch {
	case len(i.args) > 0 && words[i.args[0]] != nil:
		return words[i.args[0]](i.args[1:])
	case len(i.args) > 1 && i.args[0] == "help" && words[i.args[1]] != nil:
		return words[i.args[1]]([]string{"--help"})
	}
	i.sessions = session.NewRegistry(0)
	if i.seat == nil {
		i.seat = &upgrade.Seat{}
	}
	p := newParser()
	line, err := scan(p.Model.Flags, i.args)
	if err != nil {
		return i.refuse(&refusal{status: ExitFlags, message: err.Error(), seeHelp: true})
	}
	if line.help || len(i.args) > 0 && i.args[0] == "help" {
		i.help(i.stdout, Flags())
		return ExitOK
	}
	if err := p.parse(line.settings); err != nil {
		return i.refuse(&refusal{status: ExitFlags, message: err.Error(), seeHelp: true})
	}
	if p.About.Version != "" || p.About.License {
		i.version(p.About.Version, p.About.License)
		return ExitOK
	}
	sockets, err := i.service.Sockets()
	if err == nil {
		i.sockets = sockets
		i.inherited, err = inherit(sockets)
	}
	if err != nil {
		return i.refuse(&refusal{status: ExitListen, message: err.Error()})
	}
	w, notes, r := i.resolve(p, line)
	if r != nil {
		return i.refuse(r)
	}
	i.found = w.file.faults.file
	if w.Config.Checkconfig {
		fmt.Fprintln(i.stdout, w.file.summary(": ok"))
		return ExitOK
	}
	if w.Config.Showconfig {
		w.show(i.stdout)
		return ExitOK
	}
	return i.serve(w, notes)
}

// resolve adds the environment and the configuration file to the command line, and
// checks the whole. The notes tell what was ignored. It may be called again, for a
// file that has changed.
func (i invocation) resolve(p *parser, line commandLine) (w *options, notes []string, r *refusal) {
	env, notes, err := environment(p.Model.Flags, i.environ)
	if err != nil {
		return nil, nil, &refusal{status: ExitFlags, message: err.Error()}
	}
	file, r := i.findConfig(p.Model.Flags, line, env)
	switch {
	case r != nil:
		return nil, nil, r
	case len(i.args) == 0 && len(env) == 0 && file.faults.file == "":
		return nil, nil, &refusal{status: ExitUsage, message: "Command line arguments are missing.", onStdout: true, usage: true}
	}
	layers := [][]setting{line.settings, env, file.settings}
	if err := p.parse(withPreset(p.Model.Flags, layered(layers...))); err != nil {
		return nil, nil, &refusal{status: ExitFlags, message: err.Error()}
	}
	notes = slices.Concat(notes, file.notes, line.odd(p.Model.Flags))
	w = &options{parser: p, grammar: p.grammar, command: slices.Clone(line.command), file: file, layers: layers, sessions: i.sessions, hint: line.misplaced()}
	notes = slices.Concat(notes, i.inherited.apply(w), w.unable())
	return w, append(notes, w.odd()...), w.check()
}

func (i invocation) refuse(r *refusal) int {
	i.seat.Refuse(errors.New(r.message))
	out := i.stderr
	if r.onStdout {
		out = i.stdout
	}
	fmt.Fprintln(out, r.message)
	switch {
	case r.usage:
		i.usage(i.stderr)
	case r.seeHelp:
		fmt.Fprintf(i.stderr, "%s --help shows every option.\n", strings.TrimSpace(i.name+" "+r.of))
	}
	return r.status
}
