package cli

import (
	"fmt"
	"strings"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/pow"
)

// serveNamed makes cfg serve pow-1, if that is asked for.
func (w *options) serveNamed(cfg *libwebsocketd.Config) {
	if w.Pow.Pow == "" {
		return
	}
	h, _ := pow.New(pow.Options{ // the form of the base is checked
		Base:     string(w.Pow.Pow),
		Sessions: w.sessions,
		Expiry:   time.Duration(w.Pow.Powexpiry),
		Lines:    w.Pow.Powlines,
		History:  int(w.Shared.History),
	})
	cfg.Dialects, cfg.Mounts = append(cfg.Dialects, h), append(cfg.Mounts, h.Mounts()...)
}

// callsOf returns how cfg serves calls by name; ok is false if it does not.
func callsOf(cfg libwebsocketd.Config) (o pow.Options, ok bool) {
	for _, d := range cfg.Dialects {
		if h, ok := d.(*pow.Handler); ok {
			return h.Options(), true
		}
	}
	return o, false
}

// mayCall reports whether clients may call programs, or the key that says so is faulty.
func (w *options) mayCall() bool { return w.Pow.Pow != "" || w.file.broken["pow"] }

// checkPow refuses --pow where nothing has a name, or one client alone is served.
func (w *options) checkPow() *refusal {
	if w.Pow.Pow != "" && w.Program.Once {
		return &refusal{status: ExitUsage, about: []string{"once", "pow"},
			message: "please only specify one of --once and --pow: a client may call any number of programs",
			inFile:  "once = true does not go with pow: a client may call any number of programs; take one of the two out"}
	}
	if w.Pow.Pow == "" || w.Program.Dir != "" || len(w.file.programs) > 0 {
		return nil
	}
	message := "please specify --config or --dir when requesting --pow: clients call programs by name"
	if len(w.command) > 0 {
		message = w.hinted(message + ", and COMMAND has none")
	}
	return &refusal{status: ExitUsage, about: []string{"pow"}, message: message,
		inFile: `pow is for programs with names; write [program.NAME], or dir = "DIR"`}
}

// checkBeneath refuses what nobody could reach, because --pow answers at its path.
func (w *options) checkBeneath() *refusal {
	base := w.Pow.Pow
	if base == "" {
		return nil
	}
	for _, beside := range []struct {
		what string
		is   bool
		path string
	}{
		{"COMMAND", len(w.command) > 0, "/"},
		{"--staticdir", w.Beside.Staticdir != "", "/"},
		{"--devconsole", w.Beside.Devconsole, "/"},
		{"--cgidir", w.Beside.Cgidir != "", w.Beside.Cgipath},
	} {
		if beside.is && (base == "/" || base.covers(beside.path)) {
			return &refusal{status: ExitUsage, about: []string{"pow"},
				message: fmt.Sprintf("please specify another path than --pow=%s beside %s: below it nothing else is answered", base, beside.what),
				inFile:  fmt.Sprintf("below pow = %q nothing else is answered, and %s is there; write pow = true, or another path", string(base), beside.what)}
		}
	}
	return nil
}

// covers reports whether a path is below the base, so that nothing else can be served there.
// The base / leaves nothing, and is taken to mean that.
func (b base) covers(path string) bool {
	return len(b) > 1 && strings.HasPrefix(strings.TrimSuffix(path, "/")+"/", string(b))
}

// powFlagChecks returns checks that refuse flags about calls where nobody can call: one check
// for each flag, so that all faults of a file are reported.
func (w *options) powFlagChecks() (checks []func() *refusal) {
	for _, flag := range []string{"powexpiry", "powlines"} {
		checks = append(checks, func() *refusal {
			if w.mayCall() || !w.given(flag) {
				return nil
			}
			return &refusal{status: ExitUsage, about: []string{flag},
				message: "please specify --pow when requesting --" + flag,
				inFile:  fmt.Sprintf("%s is for calls by name; %s, or take %[1]s out", flag, w.wayToCalls("write pow = true"))}
		})
	}
	return checks
}

// wayToCalls returns how to let clients call programs: what to write to the file, unless a
// flag or variable has turned that off, which wins.
func (w *options) wayToCalls(write string) string { return w.wayTo("pow", write) }

// wayTo returns how to turn a flag on that a flag or variable may have turned off.
func (w *options) wayTo(flag, write string) string {
	if by := outside(w.layers, flag); by != "" {
		return "give --" + flag + " instead of " + by
	}
	return write
}

// checkCalled adds the faults of a program that says how it is called where nobody can call,
// and reports whether there is none.
func (w *options) checkCalled(p *fileProgram) bool {
	if w.mayCall() {
		return true
	}
	ok := true
	for _, key := range []string{"params", "result"} {
		if pos := p.at[key]; pos.isSet() {
			ok = false
			w.file.faults.add(pos, "program %s: %s is for calls by name; %s, or take %[2]s out", p.name, key, w.wayToCalls("write pow = true above the first [program.NAME]"))
		}
	}
	return ok
}
