package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"websocketd/libwebsocketd"
)

// configFile is the file of --config, parsed and checked as far as possible without
// the command line.
type configFile struct {
	faults   faults
	settings []setting       // the global keys
	programs []*fileProgram  // in the order of the file
	notes    []string        // for the log
	broken   map[string]bool // the global keys with a fault
	flags    []*kong.Flag
	looked   map[string]found // results by name, and by path and directory
}

// readConfig reads a configuration file. What is wrong in it is in its faults.
func readConfig(file string, flags []*kong.Flag) (*configFile, *refusal) {
	if ext := strings.ToLower(filepath.Ext(file)); ext == ".yaml" || ext == ".yml" {
		return nil, &refusal{status: ExitFlags, message: file + ": YAML is not read; write the file in TOML or JSON, which have the same keys"}
	}
	data, err := libwebsocketd.ReadRegular(file)
	if err != nil {
		return nil, unreadable(file, err)
	}
	return parseConfig(file, data, flags), nil
}

func unreadable(file string, err error) *refusal {
	return &refusal{status: ExitFlags, message: fmt.Sprintf("%s: cannot be read: %v; --config names a file in TOML or JSON form", file, rootCause(err))}
}

// parseConfig parses the content of a configuration file.
func parseConfig(file string, data []byte, flags []*kong.Flag) *configFile {
	c := &configFile{faults: faults{file: file, inJSON: isJSON(file, data)}, flags: flags, broken: map[string]bool{}, looked: map[string]found{}}
	parse := parseTOML
	if c.faults.inJSON {
		parse = parseJSON
	}
	root, syntax := parse(data)
	if syntax != nil {
		c.faults.all = append(c.faults.all, *syntax)
		return c
	}
	for _, key := range root.keys {
		value, before := root.at[key], len(c.faults.all)
		switch key {
		case schemaKey:
			c.readString(key, `"FILE"`, value)
		case programTable:
			c.readPrograms(value)
		case appsTable:
			c.readApps(value)
		default:
			c.readGlobal(key, value)
			c.broken[key] = len(c.faults.all) > before
		}
	}
	c.checkNames()
	return c
}

// schemaKey is the name of the key by which editors find what describes the file.
const schemaKey = "$schema"

// programTable is the name of the table with all programs.
const programTable = "program"

// inFile reports whether a flag is also a global key in the file. All flags that set
// something are, except the one that names the file.
func inFile(flag *kong.Flag) bool { return variable(flag) != "" && flag.Name != "config" }

func (c *configFile) readGlobal(key string, value *fileValue) {
	flag := lookUpName(c.flags, key)
	if flag != nil && inFile(flag) {
		c.settings = append(c.settings, c.read(flag, key, value)...)
		return
	}
	names := []string{programTable, appsTable}
	for _, flag := range c.flags {
		if inFile(flag) {
			names = append(names, flag.Name)
		}
	}
	switch like := nearest(key, names); {
	case flag != nil:
		c.faults.add(value.pos, "%s is for the command line only; take the key out", key)
	case slices.Contains(c.programKeys(), key):
		c.faults.add(value.pos, "%s is a key of a program: write it below a line [program.NAME]", key)
	case like != "":
		c.faults.add(value.pos, "unknown key %q; did you mean %q?", key, like)
	default:
		c.faults.add(value.pos, "unknown key %q; keys are named as the flags of --help, without the hyphens in front", key)
	}
}

// lookUpName returns the flag with a name, or nil.
func lookUpName(flags []*kong.Flag, name string) *kong.Flag {
	i := slices.IndexFunc(flags, func(f *kong.Flag) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return flags[i]
}

// read returns the settings of a key with the name of a flag. A faulty value sets
// nothing; its fault is added.
func (c *configFile) read(flag *kong.Flag, key string, value *fileValue) (settings []setting) {
	texts, odd := textsOf(flag, value)
	if odd != nil {
		c.wrongKind(key, odd, formOf(flag))
		return nil
	}
	if flag.Name == "authcmd" && isBlank(texts) {
		c.faults.add(value.pos, "%s %v", key, errEmpty)
		return nil
	}
	for _, text := range texts {
		spelled, err := spell(flag, text)
		if err == nil && placeChecks[flag.Name] != nil {
			err = placeChecks[flag.Name](text)
		}
		if err != nil {
			c.faults.add(value.pos, "%s = %s: %v", key, written(value, text), err)
			continue
		}
		settings = append(settings, setting{flag: flag, value: spelled, pos: value.pos})
	}
	return settings
}

// wrongKind adds the fault of a value that has the wrong kind for its key. If the
// value would be right without its quotes, or with a unit, the fault suggests that.
func (c *configFile) wrongKind(key string, value *fileValue, form string) {
	_, err := strconv.ParseInt(value.text, 0, 64)
	if form == forms[KindInt] && err == nil {
		form = value.text
	}
	isSwitch := form == forms[KindBool] || strings.HasPrefix(form, "true or ")
	if on, err := strconv.ParseBool(value.text); isSwitch && err == nil {
		form = strconv.FormatBool(on)
	}
	if withUnit := value.text + "s"; form == forms[KindTime] && isTime(withUnit) {
		form = strconv.Quote(withUnit)
	}
	c.faults.add(value.pos, "%s is %s; write %s = %s", key, described(value), key, form)
}

func isBoolText(text string) bool {
	_, err := strconv.ParseBool(text)
	return err == nil
}

func isTime(text string) bool {
	_, err := parseDuration(text)
	return err == nil
}

// described says what a value is. Of true and false the kind is left out, which would read as if
// either were right.
func described(v *fileValue) string {
	if v.kind == fileBool {
		return v.text
	}
	return string(v.kind) + content(v)
}

// content returns what a value says, with a comma, to follow the word for its kind.
func content(v *fileValue) string {
	switch v.kind {
	case fileTable, fileArray:
		return ""
	}
	return ", " + written(v, v.text)
}

// written returns a text as the file has it: strings in quotes.
func written(v *fileValue, text string) string {
	if v.kind == fileString || v.kind == fileArray {
		return strconv.Quote(text)
	}
	return text
}

// formOf shows how a value of a flag is written in the file.
func formOf(flag *kong.Flag) string {
	if _, ok := flag.Target.Interface().(adminAt); ok {
		return `true or "` + adminSample + `"`
	}
	return forms[kindOf(flag)]
}

// forms shows that for each kind of flag.
var forms = map[Kind]string{
	KindBool:   "true or false",
	KindInt:    "a number, without quotes",
	KindUint:   "a number, without quotes",
	KindSize:   `a number of bytes, or "64K"`,
	KindTime:   `"5s"`,
	KindString: `"text"`,
	KindChoice: `"text"`,
	KindNames:  `["a", "b"]`,
	KindSwitch: `true or "/path/"`,
	KindList:   `["a", "b"]`,
}

// textsOf returns the values that a value of the file gives a flag. odd is the part
// of it whose kind the flag does not accept.
func textsOf(flag *kong.Flag, value *fileValue) (texts []string, odd *fileValue) {
	switch kind := kindOf(flag); {
	case kind == KindBool && value.kind == fileBool:
		return []string{value.text}, nil
	case kind == KindSwitch && (value.kind == fileBool || value.kind == fileString && !isBoolText(value.text)):
		return []string{value.text}, nil
	case (kind == KindInt || kind == KindUint) && value.kind == fileInteger:
		return []string{strings.TrimPrefix(value.text, "+")}, nil
	case kind == KindSize && value.kind == fileInteger:
		n, _ := strconv.ParseInt(value.text, 0, 64) // the TOML library has parsed it before
		return []string{strconv.FormatInt(n, 10)}, nil
	case isOwner(flag) && value.kind == fileInteger:
		return []string{value.text}, nil
	case (kind == KindSize || kind == KindTime || kind == KindString || kind == KindChoice) && value.kind == fileString:
		return []string{value.text}, nil
	case (kind == KindNames || kind == KindList) && value.kind == fileString:
		return split(flag, value.text), nil
	case kind == KindNames && value.kind == fileArray:
		all, odd := value.strings()
		if _, ok := flag.Target.Interface().(users); ok {
			for i := range all {
				all[i] = asUser(all[i])
			}
		}
		return []string{strings.Join(all, ",")}, odd
	case kind == KindList && value.kind == fileArray:
		return value.strings()
	}
	return nil, value
}

// isOwner reports whether the value of a flag may be a number, without quotes, as well.
func isOwner(flag *kong.Flag) bool {
	_, ok := flag.Target.Interface().(owner)
	return ok
}

// placeChecks check more than the form of a value. For flags of the command line this
// happens later.
var placeChecks = map[string]func(text string) error{
	"loglevel":       checkLevelName,
	"dir":            isDirectory,
	"staticdir":      isReadable,
	"cgidir":         isDirectory,
	"sslcert":        isFile,
	"sslkey":         isFile,
	"sslca":          isFile,
	"authfile":       isFile,
	"tokenfile":      isFile,
	"jwtkey":         isFile,
	"groupfile":      isFile,
	"admintokenfile": isFile,
}

const levelNames = "debug, trace, access, info, error, fatal, none"

func checkLevelName(text string) error {
	if _, known := levels[text]; !known {
		return errors.New("must be one of " + levelNames)
	}
	return nil
}
