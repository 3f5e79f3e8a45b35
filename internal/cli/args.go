package cli

import (
	"errors"
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
}

// Errors of a value, in the words of Go's flag package.
var (
	errSyntax = errors.New("parse error")
	errRange  = errors.New("value out of range")
)

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
		return setting{}, nil, fmt.Errorf("flag provided but not defined: -%s", name)
	case flag.Name == "help":
		return setting{flag: flag}, rest, nil
	case flag.IsBool() && !hasValue:
		value = "true"
	case !hasValue && len(rest) == 0:
		return setting{}, nil, fmt.Errorf("flag needs an argument: -%s", name)
	case !hasValue:
		value, rest = rest[0], rest[1:]
	}
	spelled, err := spell(flag, value)
	switch {
	case err != nil && flag.IsBool():
		return setting{}, nil, fmt.Errorf("invalid boolean value %q for -%s: %w", value, name, err)
	case err != nil:
		return setting{}, nil, fmt.Errorf("invalid value %q for flag -%s: %w", value, name, err)
	}
	return setting{flag: flag, value: spelled}, rest, nil
}

// lookUp finds a flag by its name or its letter; nil: there is none.
func lookUp(flags []*kong.Flag, name string) *kong.Flag {
	for _, flag := range flags {
		if name == flag.Name || (flag.Short != 0 && name == string(flag.Short)) {
			return flag
		}
	}
	return nil
}

// spell checks a value and writes it as kong reads it: booleans and numbers,
// which Go's flag package takes in more forms than kong, become their plain form.
func spell(flag *kong.Flag, value string) (string, error) {
	switch kindOf(flag) {
	case KindBool:
		b, err := strconv.ParseBool(value)
		return strconv.FormatBool(b), numberError(err)
	case KindInt:
		n, err := strconv.ParseInt(value, 0, flag.Target.Type().Bits())
		return strconv.FormatInt(n, 10), numberError(err)
	case KindUint:
		n, err := strconv.ParseUint(value, 0, flag.Target.Type().Bits())
		return strconv.FormatUint(n, 10), numberError(err)
	case KindChoice:
		if !slices.Contains(flag.EnumSlice(), value) {
			return "", fmt.Errorf("must be one of %s", strings.Join(flag.EnumSlice(), ", "))
		}
		return value, nil
	}
	tokens := kong.ScanFromTokens(kong.Token{Value: value, Type: kong.FlagValueToken})
	target := reflect.New(flag.Target.Type()).Elem()
	return value, flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: tokens}, target)
}

// numberError is err of package strconv in the words of Go's flag package.
func numberError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, strconv.ErrRange):
		return errRange
	}
	return errSyntax
}
