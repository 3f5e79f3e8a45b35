package cli

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/mcp"
	"websocketd/libwebsocketd/shared"
	"websocketd/libwebsocketd/stdio"
)

// mcpLifetime returns the owner of the processes of a program with --mcp. What is not given
// is left to its defaults, which are not those of other lifetimes.
func (w *options) mcpLifetime() libwebsocketd.Lifetime {
	s := &w.Shared
	life := mcp.Lifetime{
		Shared:   s.Shared,
		Resume:   time.Duration(w.Session.Resume),
		Start:    time.Duration(w.MCP.Mcpstart),
		Eager:    s.Start == string(shared.StartEager),
		Watch:    s.Watch,
		Isolate:  shared.Isolate(s.Isolate),
		History:  int(s.History),
		Registry: w.sessions,
	}
	if w.given("linger") {
		life.Linger = orNone(time.Duration(s.Linger))
	}
	if w.given("restart") {
		life.Restart = shared.RestartPolicy(s.Restart)
	}
	return life
}

// mcpWords returns what the log tells of the processes.
func mcpWords(life mcp.Lifetime) string {
	switch {
	case life.Shared && life.Isolate == shared.IsolateUser:
		return "one process for each user"
	case life.Shared:
		return "one process for all clients"
	case life.Resume < 0:
		return "sessions kept for ever"
	}
	return "sessions kept for " + brief(cmp.Or(life.Resume, mcp.DefaultResume))
}

// checkMCP refuses what messages of that protocol cannot be: they are JSON, one a line.
func (w *options) checkMCP() *refusal {
	m := &w.Messages
	if !w.MCP.MCP || w.app != nil {
		return nil
	}
	flag, value := "", ""
	switch {
	case w.given("preset") && m.Preset != "none" && m.Preset != "mcp":
		flag, value = "preset", m.Preset
	case stdio.Framing(m.Framing) != stdio.FramingNDJSON:
		flag, value = "framing", m.Framing
	default:
		return nil
	}
	const why = "its messages are JSON, one a line"
	return &refusal{status: ExitUsage, about: []string{flag, "mcp"},
		message: fmt.Sprintf("please only specify one of --mcp and --%s=%s: %s", flag, value, why),
		inFile:  fmt.Sprintf("%s = %q does not go with mcp = true: %s; take one of the two out, or write mcp = false", flag, value, why)}
}

// notOfMCP refuses a flag that has no meaning for a program with --mcp, although it has one
// for processes that are shared or belong to sessions.
func (w *options) notOfMCP(flag string) *refusal {
	const why = "each client is told what is for it alone, as that protocol has it"
	return &refusal{status: ExitUsage, about: []string{flag, "mcp"},
		message: fmt.Sprintf("please only specify one of --mcp and --%s: %s", flag, why),
		inFile:  fmt.Sprintf("%s does not go with mcp = true: %s; take one of the two out", flag, why)}
}

// isTrue reports whether a setting turns a switch on.
func isTrue(s setting) bool { return s.value == "true" }

// isMCP reports whether the settings of a program turn --mcp on.
func (p *fileProgram) isMCP() bool {
	return slices.ContainsFunc(p.settings, func(s setting) bool { return s.flag.Name == "mcp" && isTrue(s) })
}

// settleMCP refuses mcp = true beside a lifetime that says otherwise. Such a lifetime wins
// over the flag.
func (c *configFile) settleMCP(p *fileProgram) {
	switch {
	case p.lifetime != lifeConnection && p.lifetime != lifeSupervised:
	case p.isMCP():
		c.faults.add(p.posOf("mcp"), `mcp = true does not go with lifetime = %q, line %d: its processes are those of sessions, and one for all clients without; take one of the two out`,
			p.lifetime, p.posOf("lifetime").line)
		p.broken["mcp"] = true
	case !sets(p.settings, "mcp"):
		p.settings = append(p.settings, p.lifeSetting(c.flags, "mcp", "false"))
	}
}
