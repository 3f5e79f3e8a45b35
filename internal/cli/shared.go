package cli

import (
	"fmt"
	"slices"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

// sharedOnly are the flags that have a meaning only in lifetime shared.
var sharedOnly = []string{"start", "linger", "input", "slowclient", "history", "keepfirst", "restart", "watch"}

// lifetime returns the owner of the processes' life. Nil stands for the connection;
// the zero shared.Lifetime does not.
func (w *options) lifetime() libwebsocketd.Lifetime {
	s := &w.Shared
	if !s.Shared {
		return nil
	}
	return shared.Lifetime{
		Start:      shared.Start(s.Start),
		Linger:     time.Duration(s.Linger),
		Input:      shared.Input(s.Input),
		SlowClient: shared.SlowClient(s.Slowclient),
		History:    int(s.History),
		KeepFirst:  int(s.Keepfirst),
		Restart:    shared.RestartPolicy(s.Restart),
		Watch:      s.Watch,
	}
}

// isShared reports whether all clients of a URL have one process.
func isShared(l libwebsocketd.Lifetime) bool {
	_, ok := l.(shared.Lifetime)
	return ok
}

// checkShared checks --shared, once it is known whether there is a COMMAND, a --dir,
// or only files.
func (w *options) checkShared() *refusal {
	hasDir := w.Program.Dir != ""
	switch own := hasDir || len(w.command) > 0; {
	case !w.Shared.Shared:
		return nil
	case !own && len(w.file.programs) > 0:
		return nil // for the programs of the file, which are checked one by one
	case !own:
		return &refusal{status: ExitUsage, about: []string{"shared"}, message: "please specify COMMAND or --dir when requesting --shared",
			inFile: "shared = true needs a program: write a [program.NAME], or give COMMAND or --dir"}
	case hasDir && w.Shared.Start == string(shared.StartEager):
		return &refusal{status: ExitUsage, about: []string{"start", "dir", "shared"},
			message: "please only specify one of --start=eager and --dir: it is not known ahead which script will be asked for"}
	}
	return w.checkOneForAll()
}

// checkOneForAll refuses settings that one process for all clients excludes, for
// COMMAND and for a program of the file.
func (w *options) checkOneForAll() *refusal {
	switch ahead, most := w.Program.Prefork, w.Messages.Maxframesize; {
	case !w.Shared.Shared:
		return nil
	case w.Program.Once:
		return &refusal{status: ExitUsage, about: []string{"once", "shared"},
			message: "please only specify one of --once and --shared: all clients have one process, and --exitwithchild ends with it",
			inFile:  `once = true does not go with lifetime "shared", where all clients have one process; write exitwithchild = true`}
	case ahead > 0:
		return &refusal{status: ExitUsage, about: []string{"prefork", "shared"},
			message: "please only specify one of --shared and --prefork: what is started ahead is for one client",
			inFile: fmt.Sprintf(`prefork = %d starts processes ahead for one client each, but in lifetime "shared" there is one for all; `+
				"write prefork = 0, or take another lifetime", ahead)}
	case most <= 0:
		const why = "a message must be whole before it goes between those of others"
		return &refusal{status: ExitUsage, about: []string{"maxframesize", "shared"},
			message: "please specify a limit as --maxframesize when requesting --shared: " + why,
			inFile: fmt.Sprintf(`maxframesize = %d is no limit, but lifetime "shared" needs one: %s; write maxframesize = %d, or another number of bytes`,
				most, why, libwebsocketd.DefaultMaxFrameSize)}
	}
	return nil
}

// sharedFlagChecks returns checks that refuse flags about a shared process if no
// process is shared: one check for each flag, so that all faults of a file are
// reported. If programs of the file may be shared, the flags are their defaults.
func (w *options) sharedFlagChecks() []func() *refusal {
	if slices.ContainsFunc(w.file.programs, (*fileProgram).mayBeShared) {
		return nil
	}
	return w.sharedChecks(w.layers, `write shared = true, or lifetime = "shared" in a program`)
}

// sharedKeyChecks does the same for a program of the file, but only for its own keys:
// the flags may be for other programs.
func (w *options) sharedKeyChecks() []func() *refusal {
	return w.sharedChecks(w.layers[:1], `write lifetime = "shared"`)
}

// sharedChecks returns checks of what layers set of the flags in sharedOnly.
func (w *options) sharedChecks(layers [][]setting, wayOut string) (checks []func() *refusal) {
	for _, name := range sharedOnly {
		checks = append(checks, func() *refusal {
			off := name == "watch" && !w.Shared.Watch
			given := slices.ContainsFunc(layers, func(layer []setting) bool { return sets(layer, name) })
			if w.Shared.Shared || off || !given {
				return nil
			}
			return &refusal{status: ExitUsage, about: []string{name, "shared"},
				message: "please specify --shared when requesting --" + name,
				inFile:  fmt.Sprintf(`%s is for lifetime "shared"; %s, or take %[1]s out`, name, wayOut)}
		})
	}
	return checks
}

// mayBeShared reports whether a program is shared, or its keys about that are faulty.
func (p *fileProgram) mayBeShared() bool {
	return p.broken["shared"] || slices.ContainsFunc(p.settings, func(s setting) bool { return s.flag.Name == "shared" && s.value == "true" })
}
