package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/manager"
	"websocketd/libwebsocketd/session"
	"websocketd/libwebsocketd/shared"
)

// What owns the life of a program's processes, as the key lifetime has it.
const (
	lifeConnection = "connection"
	lifeSession    = "session"
	lifeShared     = "shared"
	lifeSupervised = "supervised" // of programs of the file alone
	lifeMCP        = "mcp"        // no value of the key: the flag --mcp has it, and mcp = true
)

// lifeFlags are the flags that have a meaning only in some lifetimes.
var lifeFlags = []struct {
	name string
	in   []string
}{
	{"start", []string{lifeShared, lifeMCP}},
	{"linger", []string{lifeShared, lifeMCP}},
	{"input", []string{lifeShared, lifeSupervised}},
	{"slowclient", []string{lifeShared, lifeSupervised}},
	{"history", []string{lifeShared, lifeSession, lifeSupervised, lifeMCP}},
	{"keepfirst", []string{lifeShared, lifeSession, lifeSupervised}},
	{"restart", []string{lifeShared, lifeMCP}},
	{"isolate", []string{lifeShared, lifeMCP}},
	{"watch", []string{lifeShared, lifeSession, lifeSupervised, lifeMCP}},
	{"attach", []string{lifeSession}},
	{"maxsessions", []string{lifeSession, lifeMCP}},
	{"sessionurl", []string{lifeSession}},
	{"mcpstart", []string{lifeMCP}},
}

// callFlags are those of lifeFlags that have a meaning for calls over HTTP, too.
var callFlags = []string{"history", "maxsessions"}

// life returns the lifetime that the flags ask for. --shared and --resume at once are
// refused (checkLifetime); --mcp takes either to be about its own processes.
func (w *options) life() string {
	switch {
	case w.app != nil:
		return lifeSupervised
	case w.MCP.MCP:
		return lifeMCP
	case w.Shared.Shared:
		return lifeShared
	case w.Session.Resume != 0:
		return lifeSession
	}
	return lifeConnection
}

// lifetime returns the owner of the processes' life. Nil stands for the connection;
// the zero shared.Lifetime does not.
func (w *options) lifetime() libwebsocketd.Lifetime {
	switch s := &w.Shared; w.life() {
	case lifeShared:
		return shared.Lifetime{
			Start:      shared.Start(s.Start),
			Linger:     time.Duration(s.Linger),
			Input:      shared.Input(s.Input),
			SlowClient: shared.SlowClient(s.Slowclient),
			History:    int(s.History),
			KeepFirst:  int(s.Keepfirst),
			Restart:    shared.RestartPolicy(s.Restart),
			Watch:      s.Watch,
			Isolate:    shared.Isolate(s.Isolate),
		}
	case lifeSession:
		return session.Lifetime{
			Resume:    w.Session.Resume.limit(),
			Attach:    session.Policy(w.Session.Attach),
			History:   int(s.History),
			KeepFirst: int(s.Keepfirst),
			Watch:     s.Watch,
			URL:       w.Session.Sessionurl,
			Registry:  w.sessions,
		}
	case lifeSupervised:
		app := *w.app
		app.Input, app.SlowClient = shared.Input(s.Input), shared.SlowClient(s.Slowclient)
		app.History, app.KeepFirst, app.Watch = int(s.History), int(s.Keepfirst), s.Watch
		return manager.Lifetime{App: app}
	case lifeMCP:
		return w.mcpLifetime()
	}
	return nil
}

// maxSessions returns how many sessions there may be beside a --maxforks; 0 is no limit.
func (w *options) maxSessions(maxforks int) int {
	if w.given("maxsessions") {
		return w.Session.Maxsessions
	}
	return maxforks
}

// checkLifetime checks --shared and --resume, once it is known whether there is a
// COMMAND, a --dir, or only files.
func (w *options) checkLifetime() *refusal {
	by, hasDir := lifeWords[w.life()], w.Program.Dir != ""
	switch own := hasDir || len(w.command) > 0; {
	case w.life() == lifeConnection:
		return nil
	case w.Shared.Shared && w.Session.Resume != 0:
		return &refusal{status: ExitUsage, about: []string{"resume", "shared"},
			message: "please only specify one of --shared and --resume: one process for all clients, or one for each that outlives its connection",
			inFile:  "shared = true is one process for all clients, resume one for each that outlives its connection; take one of the two out"}
	case !own && len(w.file.programs) > 0:
		return nil // for the programs of the file, which are checked one by one
	case !own:
		return &refusal{status: ExitUsage, about: []string{by.flag}, message: "please specify COMMAND or --dir when requesting --" + by.flag,
			inFile: by.flag + " needs a program: write a [program.NAME], or give COMMAND or --dir"}
	case hasDir && w.hasSharedProcess() && w.Shared.Start == string(shared.StartEager):
		return &refusal{status: ExitUsage, about: []string{"start", "dir", "shared", "mcp"},
			message: "please only specify one of --start=eager and --dir: it is not known ahead which script will be asked for"}
	}
	return w.checkBeside()
}

// checkBeside refuses settings that the lifetime excludes, for COMMAND and for a program
// of the file.
func (w *options) checkBeside() *refusal {
	words, known := lifeWords[w.life()]
	switch ahead, most := w.Program.Prefork, w.Messages.Maxframesize; {
	case !known:
		return nil
	case w.Program.Once:
		return &refusal{status: ExitUsage, about: []string{"once", words.flag},
			message: fmt.Sprintf("please only specify one of --once and --%s: %s, and --exitwithchild ends with it", words.flag, words.once),
			inFile:  fmt.Sprintf("once = true does not go with %s: %s; write exitwithchild = true", inWords(w.life()), words.once)}
	case ahead > 0:
		return &refusal{status: ExitUsage, about: []string{"prefork", words.flag},
			message: fmt.Sprintf("please only specify one of --%s and --prefork: %s", words.flag, words.ahead),
			inFile: fmt.Sprintf("prefork = %d does not go with %s: %s; write prefork = 0, or take another lifetime",
				ahead, inWords(w.life()), words.ahead)}
	case most <= 0:
		const why = "a message must be whole before it goes between those of others"
		return &refusal{status: ExitUsage, about: []string{"maxframesize", words.flag},
			message: fmt.Sprintf("please specify a limit as --maxframesize when requesting --%s: %s", words.flag, why),
			inFile: fmt.Sprintf("maxframesize = %d is no limit, but %s needs one: %s; write maxframesize = %d, or another number of bytes",
				most, inWords(w.life()), why, libwebsocketd.DefaultMaxFrameSize)}
	}
	return nil
}

// byFlag returns those of some lifetimes that a flag asks for.
func byFlag(lives []string) []string {
	return slices.DeleteFunc(slices.Clone(lives), func(life string) bool { return lifeWords[life].flag == "" })
}

// lifeWords say of a lifetime which flag, if any, asks for it, how a file writes that, and why --once
// and --prefork do not go with it.
var lifeWords = map[string]struct{ flag, key, once, ahead string }{
	lifeShared:     {"shared", "shared = true", "all clients have one process", "what is started ahead is for one client"},
	lifeSession:    {"resume", `resume = "5m"`, "a session outlives its client", "what is started ahead does not know its session"},
	lifeMCP:        {"mcp", "mcp = true", "its processes are not one client's", "what is started ahead is for one client"},
	lifeSupervised: {"", "", "its processes are there before and after all clients", "its processes are started with the server"},
}

// checkSessionURL refuses --sessionurl without a page that could be redirected.
func (w *options) checkSessionURL() *refusal {
	if w.life() != lifeSession || !w.Session.Sessionurl || w.Beside.Staticdir != "" {
		return nil
	}
	return &refusal{status: ExitUsage, about: []string{"sessionurl"},
		message: "please specify --staticdir when requesting --sessionurl: it redirects the page there",
		inFile:  `sessionurl = true redirects the page of staticdir, and there is none; write staticdir = "DIRECTORY" above the first [program.NAME], or take sessionurl out`}
}

// hasSharedProcess reports whether several clients have one process.
func (w *options) hasSharedProcess() bool { return w.life() == lifeShared || w.life() == lifeMCP }

// checkIsolate refuses --isolate=user where nobody is known, or a process is to be there
// before somebody comes.
func (w *options) checkIsolate() *refusal {
	if !w.hasSharedProcess() || w.Shared.Isolate != string(shared.IsolateUser) || len(w.command) == 0 && w.Program.Dir == "" {
		return nil
	}
	if w.Shared.Start == string(shared.StartEager) {
		return &refusal{status: ExitUsage, about: []string{"isolate", "start"},
			message: "please only specify one of --isolate=user and --start=eager: it is not known ahead who will come",
			inFile:  `isolate = "user" does not go with start = "eager": it is not known ahead who will come; take one of the two out`}
	}
	if access, err := w.credentials.all().Access(w.Credential.Auth, w.Credential.Allow); err != nil || access != nil || w.credentials.failed {
		return nil // what is wrong with them, has been told
	}
	return &refusal{status: ExitUsage, about: []string{"isolate", "auth"},
		message: "please specify credentials, such as --tokenfile, and no --auth=none, when requesting --isolate=user: it needs to know who a client is",
		inFile:  `isolate = "user" needs to know who a client is, and nobody has to prove that; write the global key tokenfile = "FILE", or another one of credentials, and take auth = "none" out`}
}

// lifeFlagChecks returns checks that refuse flags about a lifetime that nothing has: one
// check for each flag, so that all faults of a file are reported. If programs of the file
// may have it, the flags are their defaults.
func (w *options) lifeFlagChecks() []func() *refusal {
	return w.lifeChecks(w.layers, func(flag string, in []string) string {
		forCalls := slices.Contains(callFlags, flag)
		if forCalls && w.mayCall() || slices.ContainsFunc(w.file.programs, func(p *fileProgram) bool { return p.mayHave(in) }) {
			return ""
		}
		keys := alternatives(byFlag(in), func(life string) string { return lifeWords[life].key })
		if forCalls {
			keys += " or pow = true"
		}
		if len(named(in)) == 0 {
			return "write " + keys
		}
		return "write " + keys + `, or lifetime = ` + quoted(in) + " in a program"
	})
}

// lifeKeyChecks does the same for a program of the file, but only for its own keys: the
// flags may be for other programs.
func (w *options) lifeKeyChecks() []func() *refusal {
	return w.lifeChecks(w.layers[:1], func(_ string, in []string) string {
		ways := make([]string, 0, 2)
		if len(named(in)) > 0 {
			ways = append(ways, "lifetime = "+quoted(in))
		}
		if slices.Contains(in, lifeMCP) {
			ways = append(ways, lifeWords[lifeMCP].key)
		}
		return "write " + strings.Join(ways, ", or ")
	})
}

// lifeChecks returns checks of what layers set of lifeFlags. wayOut says how to get one of
// some lifetimes; "": the flag is for others.
func (w *options) lifeChecks(layers [][]setting, wayOut func(flag string, in []string) string) (checks []func() *refusal) {
	for _, f := range lifeFlags {
		checks = append(checks, func() *refusal {
			off := f.name == "watch" && !w.Shared.Watch || f.name == "sessionurl" && !w.Session.Sessionurl
			given := slices.ContainsFunc(layers, func(layer []setting) bool { return sets(layer, f.name) })
			if off || !given || slices.Contains(f.in, w.life()) {
				return nil
			}
			way := wayOut(f.name, f.in)
			if way == "" {
				return nil
			}
			about := []string{f.name, "shared", "resume", "mcp"}
			if w.life() == lifeMCP {
				return w.notOfMCP(f.name)
			}
			by := alternatives(byFlag(f.in), func(life string) string { return "--" + lifeWords[life].flag })
			if slices.Contains(callFlags, f.name) {
				by, about = by+" or --pow", append(about, "pow")
			}
			return &refusal{status: ExitUsage, about: about,
				message: fmt.Sprintf("please specify %s when requesting --%s", by, f.name),
				inFile:  fmt.Sprintf("%s is for %s; %s, or take %[1]s out", f.name, scopeOf(f.in), way)}
		})
	}
	return checks
}

// alternatives returns what word makes of each lifetime, with "or" between.
func alternatives(lives []string, word func(life string) string) string {
	words := make([]string, len(lives))
	for i, life := range lives {
		words[i] = word(life)
	}
	return strings.Join(words, " or ")
}

// named returns those of some lifetimes that the key lifetime has.
func named(lives []string) []string {
	return slices.DeleteFunc(slices.Clone(lives), func(life string) bool { return life == lifeMCP })
}

// inWords returns a lifetime as a sentence about the file has it.
func inWords(life string) string {
	if life == lifeMCP {
		return lifeWords[life].key
	}
	return fmt.Sprintf("lifetime %q", life)
}

// scopeOf returns what a flag is for that has a meaning in some lifetimes.
func scopeOf(lives []string) string {
	switch known := named(lives); {
	case len(known) == 0:
		return lifeWords[lifeMCP].key
	case len(known) < len(lives):
		return "lifetime " + quoted(lives) + " or " + lifeWords[lifeMCP].key
	}
	return "lifetime " + quoted(lives)
}

// quoted returns lifetimes as the file has them, with "or" between.
func quoted(lives []string) string {
	return alternatives(named(lives), func(life string) string { return fmt.Sprintf("%q", life) })
}

// mayHave reports whether a program has one of the lifetimes, or its keys about that are
// faulty.
func (p *fileProgram) mayHave(lives []string) bool {
	return p.broken["shared"] || p.broken["resume"] || slices.Contains(lives, p.lifetime) || p.isMCP() && slices.Contains(lives, lifeMCP)
}
