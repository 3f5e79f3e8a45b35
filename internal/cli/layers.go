package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// variablePrefix is the prefix of every variable.
const variablePrefix = "WEBSOCKETD_"

// variable returns the environment variable that sets flag, or "".
func variable(flag *kong.Flag) string {
	if flag.Tag.Get("variable") == "none" {
		return ""
	}
	return variablePrefix + strings.ReplaceAll(strings.ToUpper(flag.Name), "-", "_")
}

// environment returns what the environment, NAME=VALUE, sets, and notes on variables
// that seem to be ours but set nothing. An empty variable sets nothing.
func environment(flags []*kong.Flag, environ []string) (settings []setting, notes []string, err error) {
	values := ours(environ)
	for _, flag := range flags {
		name := variable(flag)
		text := values[name]
		delete(values, name)
		switch {
		case name == "" || text == "":
			continue
		case flag.Name == "port" && isContainerLink(text):
			notes = append(notes, fmt.Sprintf("Ignoring %s=%s: set by a container platform, not a port number; --port sets the port", name, text))
			continue
		}
		for _, value := range split(flag, text) {
			spelled, err := spell(flag, value)
			if err != nil {
				return nil, nil, fmt.Errorf("invalid value %q for environment variable %s: %w", value, name, err)
			}
			settings = append(settings, setting{flag: flag, value: spelled})
		}
	}
	return settings, append(notes, strange(flags, values)...), nil
}

// split divides a variable's text into the values of a flag. The values of a list are
// on separate lines; a flag handles commas in its value itself.
func split(flag *kong.Flag, text string) []string {
	switch kindOf(flag) {
	case KindNames:
		return []string{strings.ReplaceAll(text, "\n", ",")}
	case KindList:
		return nonEmpty(strings.Split(text, "\n"))
	}
	return []string{text}
}

// layered merges several sources of settings: for each flag it returns all settings
// of the first layer that has any, in their order.
func layered(layers ...[]setting) []setting {
	var chosen []setting
	decided := map[string]bool{}
	for _, layer := range layers {
		for _, s := range layer {
			if !decided[s.flag.Name] {
				chosen = append(chosen, s)
			}
		}
		for _, s := range layer {
			decided[s.flag.Name] = true
		}
	}
	return chosen
}

// posOf returns the position in the configuration file that decides the value of a flag, or
// none.
func posOf(layers [][]setting, name string) position {
	for _, layer := range layers {
		for _, s := range layer {
			if s.flag.Name == name {
				return s.pos
			}
		}
	}
	return position{}
}

// outside returns the flag or variable that decides a value before the file can, as it is
// given; "" if there is none. The last three of layers are the arguments, the environment and
// the file.
func outside(layers [][]setting, name string) string {
	for i, layer := range layers[:len(layers)-1] {
		at := slices.IndexFunc(layer, func(s setting) bool { return s.flag.Name == name })
		if at < 0 {
			continue
		}
		given, value := layer[at], ""
		if kind := kindOf(given.flag); kind == KindBool || kind == KindSwitch {
			value = "=" + given.value
		}
		switch i - len(layers) {
		case -3:
			return "the flag --" + name + strings.TrimSuffix(value, "=true")
		case -2:
			return "the variable " + variable(given.flag) + value
		}
		return "" // a key of a program
	}
	return ""
}

// sets reports whether a layer sets the flag of a name.
func sets(layer []setting, name string) bool {
	return slices.ContainsFunc(layer, func(s setting) bool { return s.flag.Name == name })
}
