package generated

import "maps"

// key is one of the config file that is no flag, with what the pages and the schema say of it. Its
// name is the program's: a test compares them.
type key struct {
	name   string
	form   string // how its value is written
	normal string // what it is without the key
	help   string
	schema node
}

// node is a part of the schema.
type node map[string]any

// Forms of values that the program reads in one way each.
var (
	text     = node{"type": "string", "minLength": 1}
	truth    = node{"type": "boolean"}
	patterns = node{"type": "array", "items": node{"type": "string", "format": "regex"}}
	argv     = node{"type": "array", "items": node{"type": "string"}, "minItems": 1}
	scalar   = node{"type": []string{"string", "number", "boolean"}}
	bytes    = anyOf(node{"type": "integer", "minimum": 0}, node{"type": "string", "pattern": sizePattern})
	span     = anyOf(node{"type": "integer", "minimum": 0}, node{"type": "string", "pattern": timePattern})
	moment   = node{"type": "string", "pattern": timePattern}
	variable = node{"type": "object", "additionalProperties": node{"type": "string"}, "propertyNames": node{"minLength": 1, "pattern": "^[^=]*$"}}
	address  = node{"type": "string", "pattern": "^https?://[^/]"}
	command  = anyOf(text, argv)
)

const (
	sizePattern = `^[0-9]+([KkMmGg]?[Bb]?|[KkMmGg][Ii][Bb])$`
	timePattern = `^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))*$|^\+?0$`
)

func anyOf(all ...node) node { return node{"anyOf": all} }

func number(least, most int) node { return node{"type": "integer", "minimum": least, "maximum": most} }

func oneOfWords(words ...string) node { return node{"enum": words} }

// table returns the schema of a table with these keys and no other.
func table(keys node) node {
	return node{"type": "object", "properties": keys, "additionalProperties": false}
}

// with returns a schema with more in it.
func (n node) with(name string, value any) node {
	all := maps.Clone(n)
	all[name] = value
	return all
}

// programKeys are those of every program.
var programKeys = []key{
	{name: "command", form: `["PROGRAM", "ARGUMENT"]`, schema: argv.with("prefixItems", []node{text}),
		help: "What runs, with its arguments, without a shell. A name without a slash is looked up in the server's PATH. The only key that every program needs."},
	{name: "path", form: `"/NAME"`, normal: "the program's name", schema: node{"type": "string", "pattern": `^/([^?#%/]+(/[^?#%/]+)*)?$`},
		help: "Where it is served, without a slash at its end. The longest path that a URL begins with decides."},
	{name: "lifetime", form: `"connection"`, normal: "that of --shared and --resume", schema: oneOfWords("connection", "session", "shared", "supervised"),
		help: "Who owns a process: connection, each client has one; session, it outlives its connection; shared, all clients of a URL have one; supervised, it is started with the server and kept alive."},
	{name: "cwd", form: `"/DIRECTORY"`, normal: "the server's directory", schema: node{"type": "string"}, help: "Where it runs."},
	{name: "env", form: `{ NAME = "value" }`, schema: variable,
		help: "Variables in addition to those of passenv. They win over those, but cannot replace the variables of a request."},
	{name: "params", form: `["REGEXP"]`, schema: anyOf(patterns, table(node{"least": number(0, 1<<31-1), "most": number(0, 1<<31-1), "patterns": patterns})),
		help: "What clients that call the program by its name may give it, if the file has pow: one pattern for each parameter, or { least = 1, most = 3, patterns = [\"REGEXP\"] }, of which the last pattern is for all that follow."},
	{name: "result", form: `"lastline-json"`, normal: "none", schema: oneOfWords("none", "lastline-json"), help: "What such clients get: the last line it prints, as JSON, or nothing."},
}

// supervisedKeys are those of programs with lifetime = "supervised", and of apps.
var supervisedKeys = []key{
	{name: "instances", form: "N", normal: "1", schema: number(1, 256),
		help: "Processes. Several are named NAME-0, NAME-1 and so on, and see their number as PM2_INSTANCE_ID and NODE_APP_INSTANCE."},
	{name: "port", form: `3000`, normal: "none", schema: anyOf(number(1, 65535), node{"type": "string", "pattern": `^([0-9]+(-[0-9]+)?|auto:[0-9]+-[0-9]+)$`}),
		help: "PORT of each process: 3000 for the first one alone, \"3000-3003\" one each, \"auto:5000-5100\" the first that is free."},
	{name: "autorestart", form: "true", normal: "true", schema: truth, help: "false: it stays stopped when it has ended by itself."},
	{name: "max_restarts", form: "N", normal: "16", schema: number(-1, 1<<31-1).with("not", node{"const": 0}),
		help: "Restarts in a row after which it is given up, until somebody starts it; -1 is no limit."},
	{name: "min_uptime", form: "MILLISECONDS", normal: "1000", schema: span, help: "How long a process must run to begin that row again."},
	{name: "restart_delay", form: "MILLISECONDS", normal: "0", schema: span, help: "The time before a restart, which doubles with each in a row, up to 30 s; 0 begins with 100 ms."},
	{name: "kill_timeout", form: "MILLISECONDS", normal: "1600", schema: span, help: "The time from SIGTERM to SIGKILL."},
	{name: "max_memory_restart", form: `"100M"`, normal: "none", schema: bytes, help: "Restart it when it and its descendants have more memory."},
	{name: "health", form: `{ http = "URL" }`, normal: "none", schema: health,
		help: "Whether it works: { http = \"URL\" }, healthy with an answer from 200 to 299, or { script = \"PATH\" }, or [\"PATH\", \"ARGUMENT\"], with exit status 0. Also interval = \"30s\", timeout = \"5s\" (a number is of seconds) and retries = 3: so many failures in a row restart it. ${PORT} in the URL is the port of the instance."},
	{name: "ready", form: `{ line = "REGEXP" }`, normal: "at once", schema: ready,
		help: "When it is online: { http = \"URL\" }, { script = \"PATH\" }, { line = \"REGEXP\" } of its output, or { notify = true } for sd_notify(3). Also timeout = \"1m\", after which it is restarted, and for the first two interval = \"500ms\"."},
	{name: "after", form: `["NAME:ready"]`, normal: "nothing", schema: anyOf(dependency, node{"type": "array", "items": dependency}),
		help: "Start it when others are so: \"db\" and \"db:ready\", \"db:started\", \"db:healthy\", or \"db:completed\", which has ended with status 0."},
	{name: "every", form: `"5m"`, normal: "never", schema: span, help: "Start it again after each such time, unless it still runs or was stopped by hand."},
	{name: "ignore_watch", form: `["*.log"]`, schema: anyOf(text, node{"type": "array", "items": text}), help: "Patterns of what watch does not look at."},
	{name: "out_file", form: `"FILE"`, normal: "none", schema: text, help: "File to which standard output is appended; several instances have one each, with -N before the extension."},
	{name: "error_file", form: `"FILE"`, normal: "none", schema: text, help: "File to which standard error is appended."},
	{name: "log_file", form: `"FILE"`, normal: "none", schema: text, help: "File to which both are appended."},
	{name: "log_size", form: `"10M"`, normal: "10M", schema: bytes, help: "When such a file is renamed to FILE.1; 0 is never."},
	{name: "log_keep", form: "N", normal: "5", schema: number(1, 1000), help: "How many of these are kept."},
	{name: "pid_file", form: `"FILE"`, normal: "none", schema: text, help: "File with the PID."},
	{name: "namespace", form: `"NAME"`, normal: "default", schema: text, help: "A name for several programs, by which they are listed."},
}

// appKeys are those that an app has besides, or in another form than a program.
var appKeys = []key{
	{name: "name", form: `"NAME"`, schema: text, help: "The name of the app, which no other one has."},
	{name: "script", form: `"PATH"`, schema: text,
		help: "What runs: found as a command is, and in cwd. A file that is not executable runs by the interpreter of its first line (#!), or else of its name: .js, .cjs, .mjs, .py, .rb, .sh, .php."},
	{name: "args", form: `["ARGUMENT"]`, schema: anyOf(node{"type": "string"}, node{"type": "array", "items": scalar}),
		help: "Its arguments: a list, or one string that is divided at blanks outside of quotes."},
	{name: "exec_mode", form: `"fork"`, schema: oneOfWords("fork", "fork_mode", "cluster", "cluster_mode"), help: "cluster is fork here, and the log says so."},
	{name: "health_check", form: `{ check_type = "http", url = "URL" }`, schema: health,
		help: "The same as health, with check_type (http, script), url, script and enabled."},
	{name: "env", form: `{ NAME = "value" }`, schema: variable.with("additionalProperties", scalar), help: "Variables; numbers, true and false are taken as text."},
	{name: "cwd", form: `"/DIRECTORY"`, normal: "the server's directory", schema: node{"type": "string"}, help: "Where it runs."},
	{name: "path", form: `"/NAME"`, normal: "the app's name", schema: programKeys[1].schema, help: "Where it is served."},
}

var (
	seconds = anyOf(node{"type": "integer", "minimum": 1}, moment)
	health  = table(node{
		"http": address, "url": address, "script": command, "interval": seconds, "timeout": seconds, "retries": number(1, 1000),
		"check_type": node{"type": "string", "pattern": "^([Hh][Tt][Tt][Pp]|[Ss][Cc][Rr][Ii][Pp][Tt])$"}, "enabled": truth,
	}).with("anyOf", []node{{"required": []string{"http"}}, {"required": []string{"url"}}, {"required": []string{"script"}}, {"required": []string{"enabled"}, "properties": node{"enabled": node{"const": false}}}})
	ready = table(node{"http": address, "script": command, "line": text, "notify": truth, "timeout": moment, "interval": moment}).
		with("oneOf", []node{{"required": []string{"http"}}, {"required": []string{"script"}}, {"required": []string{"line"}}, {"required": []string{"notify"}}})
	dependency = node{"type": "string", "pattern": `^[^:].*$`}
)
