package cli

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// setting is one value given to one flag, in the spelling kong accepts.
type setting struct {
	flag  *kong.Flag
	value string
	pos   position // in the configuration file; the zero value: from elsewhere
}

// commandLine is the result of scanning the arguments.
type commandLine struct {
	settings []setting  // in the order they were given
	command  []string   // COMMAND and everything after it; nil: none
	help     bool       // --help was reached; what follows it was not read
	bounded  bool       // "--" marks where COMMAND begins
	bare     *kong.Flag // the flag just before COMMAND, if it takes a value only after =, and has none
	after    []string   // of scanAround: the words after "--"
}

// scan scans args by the rules of Go's flag package, which users of the older tool
// rely on: one hyphen or two; a value after = or in the next argument; booleans only
// with =; --help takes effect at once. It ends at the first argument that is not a
// flag, or after "--". kong would treat several of these differently, so it is only
// given the settings returned here.
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
		line.bare = nil
		if found.flag.IsBool() && !strings.Contains(arg, "=") {
			line.bare = found.flag
		}
		args = rest
	}
	if len(args) > 0 {
		line.command = slices.Clone(args)
	}
	return line, nil
}

// scanAround scans args in which flags may stand before, between and after other words. The
// words before "--" are the command.
func scanAround(flags []*kong.Flag, args []string) (all commandLine, err error) {
	for len(args) > 0 {
		line, err := scan(flags, args)
		all.settings, all.help, args = append(all.settings, line.settings...), line.help, nil
		if err != nil || line.help {
			return all, err
		}
		switch {
		case line.bounded:
			all.after = line.command
		case len(line.command) > 0:
			all.command, args = append(all.command, line.command[0]), line.command[1:]
		}
	}
	return all, nil
}

// words returns those before and after "--".
func (l *commandLine) words() []string { return slices.Concat(l.command, l.after) }

// scanFlag scans the flag in arg, with its value from rest if it needs one, and
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
	case err != nil && kindOf(flag) == KindBool:
		return setting{}, nil, fmt.Errorf("invalid boolean value %q for --%s: %w", value, flag.Name, err)
	case err != nil:
		return setting{}, nil, fmt.Errorf("invalid value %q for flag --%s: %w", value, flag.Name, err)
	}
	return setting{flag: flag, value: spelled}, rest, nil
}

// lookUp returns the flag with a name or letter, or nil. A question mark asks for
// help.
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

// hyphened returns a flag as it is typed.
func hyphened(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// elsewhere maps flags of other servers to ours for the same purpose.
var elsewhere = map[string]string{
	"p": "port", "v": "version", "V": "version", "c": "config", "d": "dir", "verbose": "loglevel=debug", "debug": "loglevel=debug",
	"quiet": "loglevel=error", "bind": "address", "listen": "address", "interface": "address", "tls": "ssl", "cert": "sslcert", "key": "sslkey",
	"s": "protocol", "subprotocol": "protocol", "o": "origin", "b": "binary", "n": "insecure", "no-check": "insecure",
	"auth": "user", "basic-auth": "user", "cacert": "ca", "w": "eofwait", "wait": "eofwait", "x": "eofwait",
}

// meant returns a question that suggests a flag for an unknown name, or "".
func meant(flags []*kong.Flag, name string) string {
	like := elsewhere[name]
	if known, _, _ := strings.Cut(like, "="); lookUp(flags, known) == nil {
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

// spell checks a value and returns it in kong's form: booleans and numbers, of which
// Go's flag package accepts more forms than kong, get their plain form. Its errors
// state what a value must be, alike for flag, variable and file.
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
	if check := formChecks[cmp.Or(flag.Tag.Get("check"), flag.Name)]; check != nil {
		if err := check(value); err != nil {
			return "", err
		}
	}
	tokens := kong.ScanFromTokens(kong.Token{Value: value, Type: kong.FlagValueToken})
	target := reflect.New(flag.Target.Type()).Elem()
	return value, flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: tokens}, target)
}
