package cli

import (
	"fmt"

	"websocketd/libwebsocketd"
)

// presets are the flags that --preset stands for. Each gives way to the flag
// itself and to its variable.
var presets = map[string][][2]string{
	"mcp": {{"framing", "ndjson"}, {"protocol", "mcp"}, {"maxline", "16MiB"}, {"maxframesize", "16777216"}},
	"lsp": {{"framing", "lsp"}, {"maxline", "16MiB"}, {"maxframesize", "16777216"}},
}

// preset is the layer of settings below all others that the flags parsed last
// ask for; nil: none.
func (p *parser) preset() (layer []setting) {
	for _, s := range presets[p.Messages.Preset] {
		layer = append(layer, setting{lookUp(p.Model.Flags, s[0]), s[1]})
	}
	return layer
}

// checkFraming tells what cannot go together in one stream of bytes.
func (w *wish) checkFraming() *refusal {
	m := &w.Messages
	framing := libwebsocketd.Framing(m.Framing)
	lines := framing == libwebsocketd.FramingLine
	by := "--framing=" + m.Framing // what asked for the framing
	if !w.given("framing") && m.Preset != "none" {
		by = "--preset=" + m.Preset
	}
	message := ""
	switch {
	case m.Binary && (!lines || w.given("framing")):
		message = fmt.Sprintf("please only specify one of --binary and %s", by)
	case m.Stderr == string(libwebsocketd.StderrTag) && !lines:
		message = fmt.Sprintf("please only specify one of --stderr=tag and %s: tagged streams are lines", by)
	case w.given("newlines") && m.Binary:
		message = "please only specify one of --newlines and --binary: newlines matter where messages are lines"
	case w.given("newlines") && !lines:
		message = fmt.Sprintf("please only specify one of --newlines and %s: newlines matter where messages are lines", by)
	case framing.NeedsLimit() && m.Maxframesize <= 0:
		message = fmt.Sprintf("please specify a limit as --maxframesize when requesting %s: a message must be whole before it is passed on", by)
	}
	if message == "" {
		return nil
	}
	return &refusal{status: ExitUsage, message: message}
}

// given tells whether the command line or the environment says anything about
// the flag of that name.
func (w *wish) given(name string) bool { return sets(w.fromArgs, name) || sets(w.fromEnv, name) }
