package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Targets that serve MCP in another way than we do, by their names. They are given by the
// program alone, like sdk=./everything-server and supergateway='node index.js'.
const (
	sdkName          = "sdk" // the MCP server that all others have behind them, and its own HTTP
	supergatewayName = "supergateway"
)

// onlyMCP reports whether nothing but MCP can be measured of the target.
func (t target) onlyMCP() bool { return t.Name == sdkName || t.Name == supergatewayName }

// speaksMCP reports whether the target serves MCP over HTTP.
func (t target) speaksMCP() bool {
	if t.onlyMCP() {
		return true
	}
	help, _ := exec.Command(t.Command[0], "--help").CombinedOutput()
	return strings.Contains(string(help), "--mcp")
}

// mcpServer returns the MCP server that is behind the others: the target named sdk, or else a
// child of this program. It speaks over its stdin and stdout if it has no flags.
func (b *bench) mcpServer(servers []target) []string {
	for _, t := range servers {
		if t.Name == sdkName {
			return t.Command
		}
	}
	return b.child("mcp", 0)
}

// mcpGroup is the first part of the names of all figures about MCP.
const mcpGroup = "mcp"

// An era is a generation of the protocol. What a server of MCP serves is asked of it in
// one of them.
type era string

const (
	modern era = "2026-07-28" // no sessions
	legacy era = "2025-11-25" // a session for each client
)

// expiry is how long a session is kept that nobody uses, in the figures of abandoned
// sessions; the time between pings is the other half of what it takes to notice them.
const (
	expiry    = 5 * time.Second
	pingEvery = time.Second
)

// startMCP starts a target with command as the MCP server behind it.
func (b *bench) startMCP(t target, of era, command []string) (*server, error) {
	switch t.Name {
	case sdkName:
		return launch(t, nil, func(port int) []string {
			return []string{fmt.Sprintf("-http=127.0.0.1:%d", port), fmt.Sprintf("-stateless=%t", of == modern)}
		})
	case supergatewayName:
		return launch(t, nil, func(port int) []string {
			return []string{"--stdio", strings.Join(command, " "), "--outputTransport", "streamableHttp", "--stateful",
				"--sessionTimeout", strconv.FormatInt(expiry.Milliseconds(), 10), "--logLevel", "none", "--port", strconv.Itoa(port)}
		})
	}
	return start(t, []string{"--mcp", resumeFlag + "=" + expiry.String(), fmt.Sprintf("--pingms=%d", pingEvery.Milliseconds())}, command...)
}

// mcpFigures are about MCP servers over HTTP.
func mcpFigures() (all []figure) {
	for _, of := range []struct {
		era  era
		name string
	}{{modern, "call"}, {legacy, "session"}} {
		for _, clients := range []int{1, 10} {
			all = append(all, mcpFigure(fmt.Sprintf(mcpGroup+"/%s-%d", of.name, clients),
				[]string{p50, p99, callsPerSecond, cpuPerCall, mcpServers, allMB},
				func(b *bench, t target, command []string) (sample, error) {
					return b.mcpCalls(t, of.era, command, clients)
				},
				func(b *bench, command []string) (sample, error) { return b.limitMCP(of.era, command, clients) }))
		}
	}
	for _, sessions := range []int{50, 500} {
		f := mcpFigure(fmt.Sprintf(mcpGroup+"/abandoned-%d", sessions),
			[]string{serversLeft, mbLeft, secondsToNone, serversOpen, mbOpen, openP50},
			func(b *bench, t target, command []string) (sample, error) { return b.abandon(t, command, sessions) }, nil)
		f.reps = 3
		all = append(all, f)
	}
	return all
}

// mcpFigure measures every target that serves MCP.
func mcpFigure(name string, measures []string, measure func(*bench, target, []string) (sample, error), limit func(*bench, []string) (sample, error)) figure {
	return figure{name: name, measures: measures, others: func(b *bench, servers []target) (all []participant) {
		command := b.mcpServer(servers)
		for _, t := range servers {
			if t.speaksMCP() {
				all = append(all, participant{t.Name, func() (sample, error) { return measure(b, t, command) }})
			}
		}
		if limit != nil && len(all) > 0 {
			all = append(all, participant{limitName, func() (sample, error) { return limit(b, command) }})
		}
		return all
	}}
}
