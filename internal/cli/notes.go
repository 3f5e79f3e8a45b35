package cli

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// The notes of this file are for the log: about settings that are valid, but perhaps
// not what was meant.

// odd returns notes on flags of ours among the arguments of COMMAND, and on a COMMAND
// that looks like the value of the flag before it. A user who writes "--" before
// COMMAND, or gives the same flag before it, knows where COMMAND begins.
func (l commandLine) odd(flags []*kong.Flag) (notes []string) {
	if l.bounded || len(l.command) == 0 {
		return nil
	}
	if value := l.command[0]; l.bare != nil && slices.Contains(switchWords, value) {
		notes = append(notes, fmt.Sprintf("COMMAND is %q: %s", value, l.misplaced()))
	}
	for _, arg := range l.command[1:] {
		name, isLong := strings.CutPrefix(arg, "--")
		name, _, _ = strings.Cut(name, "=")
		if flag := lookUpName(flags, name); isLong && flag != nil && !sets(l.settings, name) {
			notes = append(notes, fmt.Sprintf("%s comes after COMMAND and is passed on to it: websocketd's own flags come before, and -- between says that this is meant", arg))
		}
	}
	return notes
}

// switchWords look like the value of a switch.
var switchWords = []string{"true", "false", "yes", "no", "on", "off", "1", "0"}

// misplaced returns how the flag before COMMAND is given a value, if COMMAND may be one; ""
// otherwise.
func (l commandLine) misplaced() string {
	if l.bare == nil || l.bounded || len(l.command) == 0 {
		return ""
	}
	name, word := l.bare.Name, l.command[0]
	value := fmt.Sprintf("true or --%s=false", name)
	switch isPath := strings.HasPrefix(word, "/"); {
	case slices.Contains(switchWords, word):
	case kindOf(l.bare) != KindSwitch:
		return ""
	case name == "admin":
		if value = word; !isAdminAddress(word) {
			value = adminSample
		}
	case isPath:
		value = word
	default:
		value = "/calls/"
	}
	return fmt.Sprintf("a flag like --%s takes a value only after =, as --%[1]s=%s", name, value)
}

// hinted returns the message of a refusal of COMMAND with a hint, if there is one.
func (w *options) hinted(message string) string {
	if w.hint != "" {
		message += "; " + w.hint
	}
	return message
}

// odd returns notes on flags that lack another one, or that show what is not meant to be seen.
func (w *options) odd() (notes []string) {
	if w.Listen.Redirport != 0 && !w.TLS.SSL && !w.issues() {
		notes = append(notes, "--redirport redirects to http, because there is no --ssl")
	}
	if file := w.file.faults.file; file != "" && w.Beside.Staticdir != "" && isServed(w.Beside.Staticdir, file) {
		notes = append(notes, file+" is served by --staticdir to everyone who may come in, with the commands and variables that it names")
	}
	return notes
}

// ours returns the variables whose names have our prefix.
func ours(environ []string) map[string]string {
	values := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, variablePrefix) {
			values[name] = value
		}
	}
	return values
}

// strange returns notes on the variables of values that no flag has.
func strange(flags []*kong.Flag, values map[string]string) (notes []string) {
	var names []string
	for _, flag := range flags {
		if name := variable(flag); name != "" {
			names = append(names, strings.ToLower(strings.TrimPrefix(name, variablePrefix)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if values[name] == "" || name == imageVersion || isPlatforms(name, values[name]) {
			continue
		}
		note := "Ignoring " + name + ": no flag has this variable"
		if like := nearest(strings.TrimPrefix(name, variablePrefix), names); like != "" {
			note += "; did you mean " + variablePrefix + strings.ToUpper(like) + "?"
		}
		notes = append(notes, note)
	}
	return notes
}

// imageVersion is a variable that many container images set, to tell what they
// contain.
const imageVersion = variablePrefix + "VERSION"

// servicePart matches what Kubernetes and Docker append to the name of a service, in
// the variables by which they announce it to other containers: NAME_SERVICE_HOST,
// NAME_PORT_80_TCP_ADDR, NAME_ENV_PATH, NAME_NAME.
var servicePart = regexp.MustCompile(`_SERVICE_(HOST|PORT)|_PORT_[0-9]+_(TCP|UDP|SCTP)|_ENV_|_NAME$`)

// isPlatforms reports whether a container platform sets this variable for a service
// whose name is, or begins with, websocketd.
func isPlatforms(name, value string) bool {
	return servicePart.MatchString(name) || strings.HasSuffix(name, "_PORT") && isContainerLink(value)
}

// isContainerLink reports whether text is what container platforms put into the
// variable NAME_PORT of a service, which may happen to be named websocketd.
func isContainerLink(text string) bool {
	scheme, _, found := strings.Cut(text, "://")
	return found && slices.Contains([]string{"tcp", "udp", "sctp"}, scheme)
}
