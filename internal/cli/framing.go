package cli

import (
	"fmt"
	"slices"

	"github.com/alecthomas/kong"

	"websocketd/libwebsocketd"
)

// presets are the flags that --preset stands for. A flag given by itself, or by its
// variable, wins over the preset.
var presets = map[string][][2]string{
	"mcp": {{"framing", "ndjson"}, {"protocol", "mcp"}, {"maxline", "16MiB"}, {"maxframesize", "16777216"}},
	"lsp": {{"framing", "lsp"}, {"maxline", "16MiB"}, {"maxframesize", "16777216"}},
}

// presetOf returns the layer of settings that the last --preset in among stands for,
// to be put below them; nil if there is none. --mcp stands for the preset of its name.
func presetOf(flags []*kong.Flag, among []setting) (layer []setting) {
	name, isMCP := "", false
	for _, s := range among {
		switch s.flag.Name {
		case "preset":
			name = s.value
		case "mcp":
			isMCP = isTrue(s)
		}
	}
	if isMCP {
		name = "mcp"
	}
	for _, s := range presets[name] {
		layer = append(layer, setting{flag: lookUp(flags, s[0]), value: s[1]})
	}
	return layer
}

// withPreset returns settings and, below them, those that their preset stands for.
func withPreset(flags []*kong.Flag, settings []setting) []setting {
	return layered(settings, presetOf(flags, settings))
}

// checkFraming refuses flags that cannot go together in one stream of bytes.
func (w *options) checkFraming() *refusal {
	m := &w.Messages
	framing := libwebsocketd.Framing(m.Framing)
	lines := framing.Lines()
	by := "--framing=" + m.Framing // what asked for the framing
	if !w.given("framing") && m.Preset != "none" {
		by = "--preset=" + m.Preset
	}
	if w.MCP.MCP {
		by = "--mcp"
	}
	message, about := "", []string{"framing", "preset", "newlines"}
	switch {
	case m.Binary && (!lines || w.given("framing")):
		message, about = fmt.Sprintf("please only specify one of --binary and %s", by), append(about, "binary")
	case m.Stderr == string(libwebsocketd.StderrTag) && !lines:
		message, about = fmt.Sprintf("please only specify one of --stderr=tag and %s: tagged streams are lines", by), append(about, "stderr", "passstderr")
	case w.given("newlines") && m.Binary:
		message, about = "please only specify one of --newlines and --binary: newlines matter where messages are lines", append(about, "binary")
	case w.given("newlines") && !lines:
		message = fmt.Sprintf("please only specify one of --newlines and %s: newlines matter where messages are lines", by)
	case framing.NeedsLimit() && m.Maxframesize <= 0:
		message = fmt.Sprintf("please specify a limit as --maxframesize when requesting %s: a message must be whole before it is passed on", by)
		about = append(about, "maxframesize")
	}
	if message == "" {
		return nil
	}
	return &refusal{status: ExitUsage, message: message, about: about}
}

// given reports whether the command line, the environment or the file sets a flag.
func (w *options) given(name string) bool {
	return slices.ContainsFunc(w.layers, func(layer []setting) bool { return sets(layer, name) })
}

// choosesMessages reports whether a program of the file itself sets how its messages
// are framed. Then the flags about framing do not apply to it and count as not given.
func (p *fileProgram) choosesMessages() bool {
	return sets(p.settings, "framing") || sets(p.settings, "preset") || sets(p.settings, "binary") || p.isMCP()
}

// shapes are the flags that do not apply to such a program.
var shapes = []string{"framing", "preset", "binary", "newlines"}

// withoutMessages returns layers without shapes.
func withoutMessages(layers [][]setting) [][]setting {
	kept := make([][]setting, len(layers))
	for i, layer := range layers {
		for _, s := range layer {
			if !slices.Contains(shapes, s.flag.Name) {
				kept[i] = append(kept[i], s)
			}
		}
	}
	return kept
}
