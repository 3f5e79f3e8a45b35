package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// summary returns what the log and --checkconfig report about a file.
func (c *configFile) summary(word string) string {
	if n := len(c.programs); n != 1 {
		return fmt.Sprintf("%s%s, %d programs", c.faults.file, word, n)
	}
	return c.faults.file + word + ", 1 program"
}

// addPrograms adds the programs of the file, each with the flags as its defaults, and
// returns a refusal with everything that is wrong with the file.
func (w *options) addPrograms() *refusal {
	ahead := 0
	if len(w.command) > 0 {
		ahead = w.Program.Prefork
	}
	for _, p := range w.file.programs {
		program, ok := w.program(p)
		if !ok {
			continue
		}
		ahead += program.Prefork
		switch most := w.Admit.Maxforks; {
		case p.path == "/" && (len(w.command) > 0 || w.Program.Dir != ""):
			w.file.faults.add(p.posOf("path"), "path = \"/\" of program %s is that of COMMAND or --dir; give the program another path", p.name)
		case w.Pow.Pow.covers(p.path):
			w.file.faults.add(p.posOf("path"), "path = %q of program %s is below %s, where --pow answers; give one of them another path", p.path, p.name, w.Pow.Pow)
		case program.Prefork > 0 && most > 0 && ahead > most:
			w.file.faults.add(p.posOf("prefork"), "with program %s, %d processes are to be started ahead, more than maxforks = %d allows; "+
				"take a larger maxforks or a smaller prefork", p.name, ahead, most)
		}
		w.programs = append(w.programs, program)
	}
	w.checkAfter()
	if r := w.file.faults.refusal(); r != nil || w.file.faults.file == "" {
		return r
	}
	if r := w.chooseNamed(); r != nil {
		return r
	}
	if err := w.config().Validate(); err != nil {
		return &refusal{status: ExitFlags, message: fmt.Sprintf("%s: %v", w.file.faults.file, err)}
	}
	return nil
}

// chooseNamed leaves the program of --name, and those that it is started after.
func (w *options) chooseNamed() *refusal {
	name := w.Config.Name
	switch {
	case name == "":
		return nil
	case w.file.programOf(name) == nil:
		var names []string
		for _, p := range w.file.programs {
			names = append(names, p.name)
		}
		return &refusal{status: ExitFlags, message: fmt.Sprintf("%s: there is no program %q, which --name asks for%s; there are %s",
			w.file.faults.file, name, w.file.meant(name), strings.Join(names, ", "))}
	}
	wanted := map[string]bool{}
	var want func(name string)
	want = func(name string) {
		p := w.file.programOf(name)
		if wanted[name] || p == nil {
			return
		}
		wanted[name] = true
		for _, d := range p.app.After {
			want(d.Program)
		}
	}
	want(name)
	w.file.programs = slices.DeleteFunc(w.file.programs, func(p *fileProgram) bool { return !wanted[p.name] })
	w.programs = slices.DeleteFunc(w.programs, func(p libwebsocketd.Program) bool { return !wanted[p.Name] })
	return nil
}

// program returns one program of the file. ok is false if it is faulty; then its
// faults have been added.
func (w *options) program(p *fileProgram) (program libwebsocketd.Program, ok bool) {
	below := w.layers
	if p.choosesMessages() {
		below = withoutMessages(below)
	}
	own := p.settingsAbove(below, w.file.flags)
	layers := append([][]setting{own}, below...)
	flags, parser := w.file.flags, w.parser
	// The program's own preset wins over the flags, as any of its keys does.
	settings := layered(append([][]setting{own, presetOf(flags, own)}, below...)...)
	if err := parser.parse(layered(settings, presetOf(flags, layered(append([][]setting{own}, below...)...)))); err != nil {
		w.file.faults.add(p.pos, "program %s: %v", p.name, err)
		return program, false
	}
	one := &options{parser: parser, grammar: parser.grammar, layers: layers, command: p.command, file: w.file, sessions: w.sessions, credentials: w.credentials}
	if p.lifetime == lifeSupervised {
		one.app = &p.app
	}
	if sets(own, "auth") && !sets(own, "allow") && slices.Equal(one.Credential.Auth, []string{gate.NoAuth}) {
		one.Credential.Allow = nil // the flag says who of the users may; here nobody is one
	}
	ok = p.command != nil && w.checkCalled(p)
	for _, check := range one.programChecks() {
		if r := check(); r != nil {
			p.blame(layers, r, &w.file.faults)
			ok = false
		}
	}
	cfg := one.config()
	program = cfg.Program()
	program.Name, program.Path, program.Command, program.WorkDir, program.Env = p.name, p.path, p.command, p.cwd, p.env
	program.Params, program.Result = p.params, p.result
	ok = w.checkKept(p, &program, ok)
	if sets(p.settings, "maxforks") {
		program.MaxForks = max(0, one.Admit.Maxforks)
	}
	if sets(p.settings, "header") { // wins over --header-ws, which wins over --header
		maps.Copy(program.Header, one.headers.all)
	}
	return program, ok
}

// programChecks returns the checks of options that concern one program.
func (w *options) programChecks() []func() *refusal {
	checks := []func() *refusal{w.checkStderr, w.checkMCP, w.checkFraming, w.readHeaders, w.checkAhead, w.checkBeside, w.checkSessionURL, w.checkAccess, w.checkIsolate, w.checkConfine}
	return append(checks, w.lifeKeyChecks()...)
}

// checkAhead does for a program of the file what checkPrefork does for the flags.
func (w *options) checkAhead() *refusal {
	message := ""
	switch n, most := w.Program.Prefork, w.Admit.Maxforks; {
	case n == 0 && w.Program.Preforkrequest:
		message = "preforkrequest needs prefork; write prefork = 1, or preforkrequest = false"
	case most > 0 && n > most:
		message = fmt.Sprintf("prefork = %d is more than maxforks = %d; processes that are started ahead count, too", n, most)
	}
	if message == "" {
		return nil
	}
	return &refusal{message: message, about: []string{"preforkrequest", "prefork", "maxforks"}}
}

// blame adds r to the faults of the program: in the line of one of its keys, or of a
// global key, or of the program. If one of the keys has a fault already, r is only
// its consequence and is left out.
func (p *fileProgram) blame(layers [][]setting, r *refusal, faults *faults) {
	pos := position{}
	for _, places := range [][][]setting{{p.settings}, layers} {
		for _, flag := range r.about {
			if p.broken[flag] {
				return
			}
			if !pos.isSet() {
				pos = posOf(places, flag)
			}
		}
	}
	if !pos.isSet() {
		pos = p.pos
	}
	message := r.forFile(layers)
	if slices.Contains(faults.all, fault{pos, message}) {
		return // the fault is in the global keys, and has been added
	}
	faults.add(pos, "program %s: %s", p.name, message)
}
