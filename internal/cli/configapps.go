package cli

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"websocketd/libwebsocketd"
)

// appsTable is the name of the list of programs in the form of PMDaemon's and PM2's files.
const appsTable = "apps"

// appKeys are the keys of an app that a program has not, or not in that form.
var appKeys = map[string]func(c *configFile, p *fileProgram, value *fileValue){
	"name":         (*configFile).readAppName,
	"script":       (*configFile).readAppScript,
	"args":         (*configFile).readArgs,
	"exec_mode":    (*configFile).readExecMode,
	"health_check": func(c *configFile, p *fileProgram, v *fileValue) { c.readCheck("health_check", p, v) },
	"env":          (*configFile).readAppEnv,
}

// appNames returns the keys of an app, those of PMDaemon first.
func (c *configFile) appNames() []string {
	names := []string{"name", "script", "args", "exec_mode", "health_check", "env", "cwd", "path"}
	names = append(names, supervisedNames...)
	for _, flag := range c.flags {
		if isProgramKey(flag) && !slices.Contains(notOfApps, flag.Name) {
			names = append(names, flag.Name)
		}
	}
	return names
}

// notOfApps are keys of programs of which supervised ones, as all apps are, have none.
var notOfApps = []string{"resume", "attach", "sessionurl", "start", "linger", "restart", "isolate", "prefork", "preforkrequest", "maxforks", "closems", "mcp", "mcpstart"}

// readApps reads the list of programs.
func (c *configFile) readApps(value *fileValue) {
	if value.kind != fileArray {
		c.faults.add(value.pos, "%s is %s; it is a list of programs, each with name and script: [[apps]] in TOML, \"apps\": [ { } ] in JSON", appsTable, value.kind)
		return
	}
	for i, item := range value.items {
		if item.kind != fileTable {
			c.faults.add(item.pos, "app %d is %s; an app is a table with name and script", i+1, item.kind)
			continue
		}
		before := len(c.faults.all)
		p := c.readApp(item)
		title := p.title()
		if p.name == "" {
			title = fmt.Sprintf("app %d", i+1)
		}
		for n := range c.faults.all[before:] {
			f := &c.faults.all[before+n]
			f.message = title + ": " + f.message
		}
		c.programs = append(c.programs, p)
	}
}

// title returns what a fault calls the program.
func (p *fileProgram) title() string {
	if p.isApp {
		return "app " + p.name
	}
	return "program " + p.name
}

func (c *configFile) readApp(table *fileValue) *fileProgram {
	p := &fileProgram{isApp: true, lifetime: lifeSupervised, pos: table.pos, at: map[string]position{}, broken: map[string]bool{}}
	if name := table.at["name"]; name != nil && name.kind == fileString {
		p.name = name.text
	}
	p.path = "/" + p.name
	for _, key := range table.keys {
		value, before := table.at[key], len(c.faults.all)
		p.at[key] = value.pos
		c.readAppKey(p, key, value)
		p.broken[key] = len(c.faults.all) > before
	}
	c.settleLifetime(p)
	for _, key := range []string{"name", "script"} {
		if table.at[key] == nil {
			c.faults.add(p.pos, `%s is missing; write %[1]s = "%s"`, key, strings.ToUpper(key))
		}
	}
	if p.script != "" {
		c.findScript(p)
	}
	if table.at["path"] == nil && p.name != "" && libwebsocketd.CheckPath(p.path) != nil {
		c.faults.add(p.posOf("name"), "name = %q cannot be its path; write path = \"/...\"", p.name)
		p.path = ""
	}
	return p
}

// readAppKey reads one key of an app.
func (c *configFile) readAppKey(p *fileProgram, key string, value *fileValue) {
	flag := lookUpName(c.flags, key)
	known := slices.Contains(c.appNames(), key)
	switch own, other := appKeys[key], readerOf(key); {
	case own != nil:
		own(c, p, value)
	case known && other != nil:
		other(c, p, value)
	case known:
		p.settings = append(p.settings, c.read(flag, key, value)...)
	case key == "command":
		c.faults.add(value.pos, "command is a key of [program.NAME]; an app has script, and args for its arguments")
	case slices.Contains(notOfApps, key) || other != nil:
		c.faults.add(value.pos, "%s is a key of [program.NAME]; apps are supervised programs, take it out", key)
	default:
		if like := nearest(key, c.appNames()); like != "" {
			c.faults.add(value.pos, "unknown key %q; did you mean %q?", key, like)
			return
		}
		c.faults.add(value.pos, "unknown key %q; the keys are %s", key, strings.Join(c.appNames(), ", "))
	}
}

func (c *configFile) readAppName(p *fileProgram, value *fileValue) {
	if name, ok := c.readString("name", `"NAME"`, value); ok && strings.TrimSpace(name) == "" {
		c.faults.add(value.pos, "name is empty; every app has a name of its own")
	}
}

func (c *configFile) readAppScript(p *fileProgram, value *fileValue) {
	text, ok := c.readString("script", `"PATH"`, value)
	switch {
	case !ok:
	case strings.TrimSpace(text) == "":
		c.faults.add(value.pos, "script is empty; it is the path of what runs")
	case hasNUL(text):
		c.faults.add(value.pos, "script has a NUL in it, which no path can have; take it out")
	default:
		p.script = text
	}
}

// readArgs reads the arguments: a list, or one text that is divided at blanks.
func (c *configFile) readArgs(p *fileProgram, value *fileValue) {
	const form = `["ARGUMENT", "ARGUMENT"]`
	switch value.kind {
	case fileString:
		args, err := splitWords(value.text)
		if err != nil {
			c.faults.add(value.pos, "args = %q: %v", value.text, err)
		}
		p.args = args
	case fileArray:
		for _, item := range value.items {
			text, ok := plainText(item)
			if !ok {
				c.wrongKind("args", item, form)
				return
			}
			p.args = append(p.args, text)
		}
	default:
		c.wrongKind("args", value, form)
	}
	if slices.ContainsFunc(p.args, hasNUL) {
		c.faults.add(value.pos, "args has a NUL in it, which no argument can have; take it out")
	}
}

// plainText returns a text, a number or a truth value as a program gets it.
func plainText(v *fileValue) (text string, ok bool) {
	switch v.kind {
	case fileString, fileBool:
		return v.text, true
	case fileInteger:
		n, err := strconv.ParseInt(v.text, 0, 64)
		return strconv.FormatInt(n, 10), err == nil
	case fileFloat:
		f, err := strconv.ParseFloat(strings.ReplaceAll(v.text, "_", ""), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return "", false
		}
		return strconv.FormatFloat(f, 'f', -1, 64), true
	}
	return "", false
}

func (c *configFile) readExecMode(p *fileProgram, value *fileValue) {
	mode, ok := c.readString("exec_mode", `"fork" or "cluster"`, value)
	switch {
	case !ok:
	case mode == "cluster" || mode == "cluster_mode":
		c.notes = append(c.notes, fmt.Sprintf("The instances of app %s are processes of their own: exec_mode cluster is fork here, and they share no port", p.name))
	case mode != "fork" && mode != "fork_mode":
		c.faults.add(value.pos, "exec_mode = %q: must be one of fork, cluster", mode)
	}
}

// readAppEnv does what readEnv does. Numbers and truth values are taken as text.
func (c *configFile) readAppEnv(p *fileProgram, value *fileValue) {
	if value.kind == fileTable {
		texts := newTable(value.pos)
		for _, name := range value.keys {
			v := value.at[name]
			if text, ok := plainText(v); ok {
				v = &fileValue{kind: fileString, pos: v.pos, text: text}
			}
			texts.put(fileKey{name, v.pos}, v)
		}
		value = texts
	}
	c.readEnv(p, value)
}

// interpreters run scripts that are not executable, by the ends of their names.
var interpreters = map[string][]string{
	".js": {"node"}, ".cjs": {"node"}, ".mjs": {"node"}, ".py": {"python3", "python"}, ".rb": {"ruby"}, ".sh": {"sh"}, ".php": {"php"},
}

// findScript finds what an app runs: an executable file, or a script with its interpreter.
func (c *configFile) findScript(p *fileProgram) {
	path, why := c.lookScript(p.script, p.cwd)
	argv := []string{path}
	if why != "" {
		argv, why = c.interpreted(p.script, p.cwd, why)
	}
	if why == "" {
		if err := c.executable(argv[0], p.cwd); err != nil {
			why = fmt.Sprintf("%s: %v", argv[0], err)
		}
	}
	if why != "" {
		c.faults.add(p.posOf("script"), "script = %q: %s", p.script, why)
		p.broken["script"] = true
		return
	}
	p.command = append(argv, p.args...)
}

// lookScript returns the executable file that a script means: below the app's directory, or as
// COMMAND is found.
func (c *configFile) lookScript(script, cwd string) (path, why string) {
	if !isBare(script) {
		if path, why := c.look(below(cwd, script)); why == "" {
			return path, ""
		}
	}
	if path, why = c.look(script); why != "" && isBare(script) {
		if path, why := c.look(below(cwd, script)); why == "" {
			return path, ""
		}
	}
	return path, why
}

// below returns the path of a script in a directory; "" is the server's.
func below(dir, script string) string {
	if filepath.IsAbs(script) {
		return script
	}
	path := filepath.Join(dir, script)
	if isBare(path) {
		path = "./" + path // which is not looked up in PATH
	}
	return path
}

// interpreted returns the command that runs a script that is not executable itself. why says that.
func (c *configFile) interpreted(script, cwd, why string) ([]string, string) {
	file := script
	if beside := below(cwd, script); isFile(beside) == nil {
		file = beside
	}
	if isFile(file) != nil {
		if words, err := splitWords(script); err == nil && len(words) > 1 && isFile(words[0]) == nil {
			return nil, fmt.Sprintf("there is no such file; arguments stand in args: write script = %q and args = %s", words[0], asArray(words[1:]))
		}
		return nil, why
	}
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, err.Error()
	}
	if words := shebang(file); len(words) > 0 {
		return append(words, file), ""
	}
	names := interpreters[strings.ToLower(filepath.Ext(file))]
	for _, name := range names {
		if path, missing := c.look(name); missing == "" {
			return []string{path, file}, ""
		}
	}
	if len(names) > 0 {
		return nil, fmt.Sprintf("%s, which runs it, is not in the PATH of websocketd", names[0])
	}
	return nil, why
}
