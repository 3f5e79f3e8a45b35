package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/manager"
)

// fileProgram is one [program.NAME] table of a configuration file.
type fileProgram struct {
	name     string
	pos      position
	path     string
	lifetime string   // "": that of the flags
	command  []string // looked up; nil if it is faulty
	cwd      string
	env      []string // NAME=VALUE
	params   libwebsocketd.Params
	result   libwebsocketd.ResultMode
	settings []setting           // from the keys that are named like flags
	at       map[string]position // of the keys
	broken   map[string]bool     // the keys with a fault
	app      manager.App         // of a supervised one
	isApp    bool                // of the list of apps
	script   string              // of an app
	args     []string
	afterAt  []position // of app.After
}

// ownKeys are the keys of a program that are not flags.
var ownKeys = map[string]func(c *configFile, p *fileProgram, value *fileValue){
	"command":  (*configFile).readCommand,
	"path":     (*configFile).readPath,
	"lifetime": (*configFile).readLifetime,
	"cwd":      (*configFile).readCwd,
	"env":      (*configFile).readEnv,
	"params":   (*configFile).readParams,
	"result":   (*configFile).readResult,
}

// readerOf returns what reads a key of a program that is no flag, or nil.
func readerOf(key string) func(c *configFile, p *fileProgram, value *fileValue) {
	if read := ownKeys[key]; read != nil {
		return read
	}
	return supervisedKeys[key]
}

// isProgramKey reports whether a flag is also a key of a program (see grammar).
func isProgramKey(flag *kong.Flag) bool {
	tag := flag.Tag.Get("program")
	return tag == "key" || tag == "own"
}

// isProgramDefault reports whether a flag is the default of a setting of all programs.
func isProgramDefault(flag *kong.Flag) bool {
	tag := flag.Tag.Get("program")
	return tag == "key" || tag == "default"
}

// programKeys returns all keys of a program, those that every program needs first.
func (c *configFile) programKeys() []string {
	keys := []string{"command", "path", "lifetime", "cwd", "env", "params", "result"}
	for _, flag := range c.flags {
		if isProgramKey(flag) {
			keys = append(keys, flag.Name)
		}
	}
	return append(keys, supervisedNames...)
}

func (c *configFile) readPrograms(value *fileValue) {
	if value.kind != fileTable {
		c.faults.add(value.pos, "%s is %s; a program begins with a line [program.NAME]", programTable, value.kind)
		return
	}
	for _, name := range value.keys {
		table := value.at[name]
		if table.kind != fileTable {
			c.faults.add(table.pos, "program.%s is %s; a program is a table, which begins with a line [program.NAME]", name, table.kind)
			continue
		}
		c.programs = append(c.programs, c.readProgram(name, table))
	}
}

// checkNames adds the faults of programs that have the name or the path of another one.
func (c *configFile) checkNames() {
	names, paths := map[string]*fileProgram{}, map[string]*fileProgram{}
	for _, p := range c.programs {
		if other := names[p.name]; other != nil && p.name != "" {
			c.faults.add(p.posOf("name"), "%s is also the name of another program, line %d; give one of them another name", p.title(), other.posOf("name").line)
			continue
		}
		names[p.name] = p
		if other := paths[p.path]; other != nil && p.path != "" {
			c.faults.add(p.posOf("path"), "path = %q is also the path of program %s, line %d; give one of them another path",
				p.path, other.name, other.posOf("path").line)
			continue
		}
		paths[p.path] = p
	}
}

func (c *configFile) readProgram(name string, table *fileValue) *fileProgram {
	p := &fileProgram{name: name, pos: table.pos, path: "/" + name, at: map[string]position{}, broken: map[string]bool{}}
	if name == "" {
		c.faults.add(p.pos, "a program has no name; write [program.NAME]")
	}
	for _, key := range table.keys {
		value, before := table.at[key], len(c.faults.all)
		p.at[key] = value.pos
		if read := readerOf(key); read != nil {
			read(c, p, value)
		} else if flag := lookUpName(c.flags, key); flag != nil && isProgramKey(flag) {
			p.settings = append(p.settings, c.read(flag, key, value)...)
		} else {
			c.unknownInProgram(name, key, value)
		}
		p.broken[key] = len(c.faults.all) > before
	}
	c.settleLifetime(p)
	c.checkSupervised(p)
	p.broken["shared"] = p.broken["shared"] || p.broken["lifetime"] // the flag and its key
	if p.command != nil {
		if err := c.executable(p.command[0], p.cwd); err != nil {
			c.faults.add(p.posOf("command"), "command = %s: %v", asArray(p.command), err)
			p.broken["command"] = true
		}
	}
	if table.at["command"] == nil {
		c.faults.add(p.pos, `program %s has no command; write command = ["PROGRAM", "ARGUMENT"]`, name)
	}
	if table.at["path"] == nil && libwebsocketd.CheckPath(p.path) != nil {
		c.faults.add(p.pos, "program %q has a name that cannot be its path; write path = \"/...\"", name)
		p.path = ""
	}
	return p
}

// posOf returns the position of a key of a program, or of the program without it.
func (p *fileProgram) posOf(key string) position {
	if pos := p.at[key]; pos.isSet() {
		return pos
	}
	return p.pos
}

func (c *configFile) unknownInProgram(name, key string, value *fileValue) {
	flag := lookUpName(c.flags, key)
	switch like := nearest(key, c.programKeys()); {
	case key == "shared":
		c.faults.add(value.pos, "shared is a global key, not one of program %s: write lifetime = \"shared\"", name)
	case flag != nil && inFile(flag):
		c.faults.add(value.pos, "%s is a global key, not one of program %s: write it above the first [program.NAME]", key, name)
	case like != "":
		c.faults.add(value.pos, "unknown key %q in program %s; did you mean %q?", key, name, like)
	default:
		c.faults.add(value.pos, "unknown key %q in program %s; the keys are %s", key, name, strings.Join(c.programKeys(), ", "))
	}
}

func (c *configFile) readCommand(p *fileProgram, value *fileValue) {
	if value.kind == fileString {
		c.faults.add(value.pos, "command is a string, %q; there is no shell here that would divide it: write command = %s", value.text, asArray(strings.Fields(value.text)))
		return
	}
	argv, odd := value.strings()
	switch {
	case value.kind != fileArray:
		c.wrongKind("command", value, `["PROGRAM", "ARGUMENT"]`)
	case odd != nil:
		c.wrongKind("command", odd, `["PROGRAM", "ARGUMENT"], all of it strings`)
	case len(argv) == 0 || argv[0] == "":
		c.faults.add(value.pos, `command is empty; write command = ["PROGRAM", "ARGUMENT"]`)
	case slices.ContainsFunc(argv, hasNUL):
		c.faults.add(value.pos, "command has a NUL in it, which no argument can have; take it out")
	default:
		path, why := c.look(argv[0])
		if why != "" {
			c.faults.add(value.pos, "command = %s: %s", asArray(argv), why)
			return
		}
		p.command = append([]string{path}, argv[1:]...)
	}
}

// found is the cached result of a look-up: many programs may have the same command.
type found struct {
	path, why string
	err       error
}

// look is a cached lookCommand.
func (c *configFile) look(name string) (path, why string) {
	f, ok := c.looked[name]
	if !ok {
		f.path, f.why = lookCommand(name)
		c.looked[name] = f
	}
	return f.path, f.why
}

// executable is a cached libwebsocketd.CheckExecutable.
func (c *configFile) executable(path, dir string) error {
	key := path + "\x00" + dir
	f, ok := c.looked[key]
	if !ok {
		f.err = libwebsocketd.CheckExecutable(path, dir)
		c.looked[key] = f
	}
	return f.err
}

// asArray returns a list as TOML writes it.
func asArray(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = strconv.Quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func hasNUL(s string) bool { return strings.ContainsRune(s, 0) }

// readString returns the value of a key that accepts any string.
func (c *configFile) readString(key, form string, value *fileValue) (text string, ok bool) {
	if value.kind != fileString {
		c.wrongKind(key, value, form)
		return "", false
	}
	return value.text, true
}

func (c *configFile) readPath(p *fileProgram, value *fileValue) {
	path, ok := c.readString("path", `"/NAME"`, value)
	p.path = path
	switch err := libwebsocketd.CheckPath(path); {
	case !ok:
	case path == "":
		c.faults.add(value.pos, "path is empty; write path = %q, or leave it out", "/"+p.name)
	case err != nil:
		c.faults.add(value.pos, "%v", err)
		p.path = ""
	}
}

func (c *configFile) readCwd(p *fileProgram, value *fileValue) {
	cwd, ok := c.readString("cwd", `"/DIRECTORY"`, value)
	if !ok {
		return
	}
	if err := isDirectory(cwd); err != nil {
		c.faults.add(value.pos, "cwd = %q: %v", cwd, err)
		return
	}
	p.cwd = cwd
}

func (c *configFile) readEnv(p *fileProgram, value *fileValue) {
	if value.kind != fileTable {
		c.wrongKind("env", value, `{ NAME = "value" }`)
		return
	}
	for _, name := range value.keys {
		v := value.at[name]
		err := libwebsocketd.CheckEnvName(name)
		switch {
		case v.kind != fileString:
			c.faults.add(v.pos, "env.%s is %s; write %s = \"value\"", name, described(v), name)
		case err != nil:
			c.faults.add(v.pos, "env: %v; take it out", err)
		case hasNUL(v.text):
			c.faults.add(v.pos, "env.%s has a NUL in it, which no variable can have; take it out", name)
		default:
			p.env = append(p.env, name+"="+v.text)
		}
	}
}
