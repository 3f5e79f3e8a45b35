package cli

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// setting is one value somebody gave to one flag, in the spelling kong takes.
type setting struct {
	flag  *kong.Flag
	value string
	line  int // of the configuration file it stands in; 0: in none
}

// commandLine is what the arguments say.
type commandLine struct {
	settings []setting // in the order they were given
	command  []string  // COMMAND and everything after it; nil: none
	help     bool      // --help was reached; what follows it was not read
	bounded  bool      // "--" says where COMMAND begins
	bare     string    // the boolean flag before COMMAND, if it has no =
}

// scan reads args by the rules of Go's flag package, which the older tool's
// users rely on: one hyphen or two, a value behind = or in the next argument,
// booleans only with =, --help at once, and an end at the first argument that
// is no flag or behind "--". kong would read several of these differently, so
// it only ever sees the settings that come out of here.
func scan(flags []*kong.Flag, args []string) (commandLine, error) {
	var line commandLine
	for len(args) > 0 {
		arg := args[0]
		if len(arg) < 2 || arg[0] != '-' {
			break
		}
		args = args[1:]
		if arg == "--" {
			line.bounded = true
			break
		}
		found, rest, err := scanFlag(flags, arg, args)
		if err != nil {
			return line, err
		}
		if found.flag.Name == "help" {
			line.help = true
			return line, nil
		}
		line.settings = append(line.settings, found)
		line.bare = ""
		if found.flag.IsBool() && !strings.Contains(arg, "=") {
			line.bare = found.flag.Name
		}
		args = rest
	}
	if len(args) > 0 {
		line.command = slices.Clone(args)
	}
	return line, nil
}

// scanFlag reads the flag in arg, with its value from rest if it needs one, and
// returns what is left of rest.
func scanFlag(flags []*kong.Flag, arg string, rest []string) (setting, []string, error) {
	name, value, hasValue := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
	if name == "" || name[0] == '-' {
		return setting{}, nil, fmt.Errorf("bad flag syntax: %s", arg)
	}
	flag := lookUp(flags, name)
	switch {
	case flag == nil:
		return setting{}, nil, fmt.Errorf("flag provided but not defined: %s%s", hyphened(name), meant(flags, name))
	case flag.Name == "help":
		return setting{flag: flag}, rest, nil
	case flag.IsBool() && !hasValue:
		value = "true"
	case !hasValue && len(rest) == 0:
		return setting{}, nil, fmt.Errorf("flag needs an argument: --%s=%s", flag.Name, flag.PlaceHolder)
	case !hasValue:
		value, rest = rest[0], rest[1:]
	}
	spelled, err := spell(flag, value)
	switch {
	case err != nil && flag.IsBool():
		return setting{}, nil, fmt.Errorf("invalid boolean value %q for --%s: %w", value, flag.Name, err)
	case err != nil:
		return setting{}, nil, fmt.Errorf("invalid value %q for flag --%s: %w", value, flag.Name, err)
	}
	return setting{flag: flag, value: spelled}, rest, nil
}

// lookUp finds a flag by its name or its letter; nil: there is none. A question
// mark asks for help.
func lookUp(flags []*kong.Flag, name string) *kong.Flag {
	if name == "?" {
		name = "help"
	}
	for _, flag := range flags {
		if name == flag.Name || (flag.Short != 0 && name == string(flag.Short)) {
			return flag
		}
	}
	return nil
}

// hyphened is a flag as one types it.
func hyphened(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// elsewhere are flags that other servers have for what ours are for.
var elsewhere = map[string]string{
	"p": "port", "v": "version", "V": "version", "c": "config", "d": "dir", "verbose": "loglevel=debug", "debug": "loglevel=debug",
	"quiet": "loglevel=error", "bind": "address", "listen": "address", "interface": "address", "tls": "ssl", "cert": "sslcert", "key": "sslkey",
}

// meant suggests a flag for a name that is none: a question, or nothing.
func meant(flags []*kong.Flag, name string) string {
	like := elsewhere[name]
	if like == "" {
		var names []string
		for _, flag := range flags {
			names = append(names, flag.Name)
		}
		like = nearest(strings.ReplaceAll(strings.ReplaceAll(name, "-", ""), "_", ""), names)
	}
	if like == "" {
		return ""
	}
	return "; did you mean --" + like + "?"
}

// spell checks a value and writes it as kong reads it: booleans and numbers,
// which Go's flag package takes in more forms than kong, become their plain form.
// Its errors are what a value must be, for flag, variable and file alike.
func spell(flag *kong.Flag, value string) (string, error) {
	switch kindOf(flag) {
	case KindBool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			err = errBool
		}
		return strconv.FormatBool(b), err
	case KindInt:
		n, err := strconv.ParseInt(value, 0, flag.Target.Type().Bits())
		return strconv.FormatInt(n, 10), checkNumber(flag, n, err)
	case KindUint:
		n, err := strconv.ParseUint(value, 0, flag.Target.Type().Bits())
		return strconv.FormatUint(n, 10), checkNumber(flag, 0, err)
	case KindChoice:
		if !slices.Contains(flag.EnumSlice(), value) {
			return "", fmt.Errorf("must be one of %s", strings.Join(flag.EnumSlice(), ", "))
		}
		return value, nil
	}
	if check := formChecks[flag.Name]; check != nil {
		if err := check(value); err != nil {
			return "", err
		}
	}
	tokens := kong.ScanFromTokens(kong.Token{Value: value, Type: kong.FlagValueToken})
	target := reflect.New(flag.Target.Type()).Elem()
	return value, flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: tokens}, target)
}
