package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// configured returns what a file with that content makes of a command line.
func configured(t testing.TB, content string, command ...string) (*options, *refusal) {
	t.Helper()
	p := theParser()
	file := parseConfig("f.toml", []byte(content), p.Model.Flags)
	w := &options{parser: p, file: file, layers: [][]setting{nil, nil, file.settings}, command: command}
	if err := p.parse(withPreset(p.Model.Flags, file.settings)); err != nil {
		t.Fatalf("what the file sets cannot be parsed: %v", err)
	}
	w.grammar = p.grammar
	return w, w.check()
}

// TestConfigFaults is the table of what a file must not contain: each with its line,
// the key, the value and advice.
func TestConfigFaults(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	const cat = "[program.a]\ncommand = [\"cat\"]\n"
	for _, test := range []struct{ content, want string }{
		// Syntax.
		{"a = \"x", `f.toml:1:5: the string that begins here has no end: " is missing`},
		{"a = \"x\nb = \"y\"", `f.toml:1:5: the string that begins here has no end: " is missing`},
		{"a = \"\\\"\nb = 1", `f.toml:1:5: the string that begins here has no end: " is missing`},
		{"a = ['x]", "f.toml:1:6: the string that begins here has no end: ' is missing"},
		{"a = 1\nb = \"\"\"x\n\"\ny = 2\n", `f.toml:2:5: the string that begins here has no end: """ is missing`},
		{"a = \"\"\"\"\"\"\nb = '''\nx", "f.toml:2:5: the string that begins here has no end: ''' is missing"},
		{"a = [\"x\"", "f.toml:1:5: the array that begins here has no end: ] is missing"},
		{"a = [\"x\",\n\n# ]\n", "f.toml:1:5: the array that begins here has no end: ] is missing"},
		{"a = [\n\"x\"\n\nb = 1", "f.toml:1:5: the array that begins here has no end: ] is missing before line 4"},
		{"a = [\n\"x\",\n[[program.b]] # x\nb = 1", "f.toml:1:5: the array that begins here has no end: ] is missing before line 3"},
		{"a = [\"x\",\r\n[program.b]\r\nb = 1", "f.toml:1:5: the array that begins here has no end: ] is missing before line 2"},
		{"a = { b = 1", "f.toml:1:5: the table that begins here has no end: } is missing"},
		{"a = [\n\"x\"\n\"y\"\n]", "f.toml:3:1: expected ',' or ']' after array value"},
		{"a = [\n[1],\n[2]\n[3]\n]", "f.toml:4:1: expected ',' or ']' after array value"},
		{"a = don't", "f.toml:1:5: "},
		{"a = @\nb = \"x", "f.toml:1:5: "},
		{"[program.a", "f.toml:1:10: expected ']' to close table name"},
		{cat + "command = [\"cat\"]", `f.toml:3:1: key command is already defined`},
		{"\n[program.a]\n[program.a]", "f.toml:3:2: "},
		{"port = 1\nport = 2", "f.toml:2:1: key port is already defined"},
		{"port = 99999999999999999999", "f.toml:1:8: "},
		{"\xff", "f.toml:1:1: "},
		// Keys.
		{"\nprot = 1", `f.toml:2: unknown key "prot"; did you mean "port"?`},
		{"Port = 1", `f.toml:1: unknown key "Port"; did you mean "port"?`},
		{"orgin = []", `f.toml:1: unknown key "orgin"; did you mean "origin"?`},
		{"zzzzz = 1", `f.toml:1: unknown key "zzzzz"; keys are named as the flags`},
		{"h = true", `f.toml:1: unknown key "h"; keys are named`},
		{"version = true", "f.toml:1: version is for the command line only; take the key out"},
		{"config = \"x\"", "f.toml:1: config is for the command line only"},
		{"checkconfig = true", "f.toml:1: checkconfig is for the command line only"},
		{"command = [\"cat\"]", "f.toml:1: command is a key of a program: write it below a line [program.NAME]"},
		{cat + "port = 1", "f.toml:3: port is for lifetime \"supervised\"; write lifetime = \"supervised\", or take port out; the port of the server stands above the first [program.NAME]"},
		{cat + "lifetme = 1", `f.toml:3: unknown key "lifetme" in program a; did you mean "lifetime"?`},
		{cat + "zzzzz = 1", `f.toml:3: unknown key "zzzzz" in program a; the keys are command, path, lifetime, cwd, env,`},
		{"\"\\u001b[31m\" = 1", `f.toml:1: unknown key "\x1b[31m"; keys`},
		// Kinds.
		{"port = \"8080\"", `f.toml:1: port is a string, "8080"; write port = 8080`},
		{"port = 1.5", "f.toml:1: port is a number with a fraction, 1.5; write port = a number, without quotes"},
		{"binary = \"true\"", `f.toml:1: binary is a string, "true"; write binary = true`},
		{"binary = 1", "f.toml:1: binary is a number, 1; write binary = true"},
		{"stderr = true", `f.toml:1: stderr is true; write stderr = "text"`},
		{"maxline = [1]", `f.toml:1: maxline is an array; write maxline = a number of bytes, or "64K"`},
		{"origin = 1", `f.toml:1: origin is a number, 1; write origin = ["a", "b"]`},
		{"origin = [\"a\",\n  1]", `f.toml:2: origin is a number, 1; write origin`},
		{"header = [[\"a\"]]", `f.toml:1: header is an array; write header = ["a", "b"]`},
		{"header = [\"a\",\n  \"b\", [\"c\"]]", "f.toml:2: header is an array; write"},
		{"loglevel = 1979-05-27", "f.toml:1: loglevel is a date or time, 1979-05-27; write"},
		{"[port]\nx = 1", "f.toml:1: port is a table; write port ="},
		{"[[program]]\ncommand = 1", "f.toml:1: program is an array; a program begins with a line [program.NAME]"},
		{"[program]\na = 1", "f.toml:2: program.a is a number; a program is a table"},
		{"[[program.a]]", "f.toml:1: program.a is an array; a program is a table"},
		// Values.
		{"port = 65536", "f.toml:1: port = 65536: must be a number from 0 to 65535"},
		{"redirport = -1", "f.toml:1: redirport = -1: must be a number from 0 to 65535"},
		{"closems = -1", "f.toml:1: closems = -1: must be a whole number that is not negative"},
		{"loglevel = \"loud\"", `f.toml:1: loglevel = "loud": must be one of debug, trace, access, info, error, fatal, none`},
		{"stderr = \"both\"", `f.toml:1: stderr = "both": must be one of log, tag, merge, discard`},
		{"maxline = 3", "f.toml:1: maxline = 3: must be at least 4"},
		{"maxline = \"2G\"", `f.toml:1: maxline = "2G": must be at most 1GiB`},
		{"maxline = \"1T\"", `f.toml:1: maxline = "1T": not a size`},
		{"prefork = -1", "f.toml:1: prefork = -1: must be a whole number that is not negative"},
		{"header = [\"A: b\", \": c\"]", `f.toml:1: header = ": c": must be NAME:VALUE`},
		{"dir = \"" + dir + "/none\"", `f.toml:1: dir = "` + dir + `/none": there is no such directory`},
		{"staticdir = \"none\"", `f.toml:1: staticdir = "none": there is no such directory in ` + cwd(t)},
		{"cgidir = \"" + file + "\"", `f.toml:1: cgidir = "` + file + `": is not a directory`},
		{"sslcert = \"" + dir + "\"", `f.toml:1: sslcert = "` + dir + `": is a directory, not a file`},
		{"authfile = \"\"", `f.toml:1: authfile = "": is empty; leave it out to let everyone in`},
		{"authcmd = []", "f.toml:1: authcmd is empty; leave it out to let everyone in"},
		{"authcmd = \"\"", "f.toml:1: authcmd is empty; leave it out to let everyone in"},
		{cat + "allow = []", `f.toml:3: allow = "": is empty; leave it out to let everyone in`},
		// Of a program.
		{"[program.a]", `f.toml:1: program a has no command; write command = ["PROGRAM", "ARGUMENT"]`},
		{"[program.a]\ncommand = \"make  all\"", `f.toml:2: command is a string, "make  all"; there is no shell here that would divide it: write command = ["make", "all"]`},
		{"[program.a]\ncommand = 1", `f.toml:2: command is a number, 1; write command = ["PROGRAM", "ARGUMENT"]`},
		{"[program.a]\ncommand = [\"cat\",\n1]", `f.toml:3: command is a number, 1; write`},
		{"[program.a]\ncommand = []", "f.toml:2: command is empty; write"},
		{"[program.a]\ncommand = [\"cat\", \"\\u0000\"]", "f.toml:2: command has a NUL in it"},
		{"[program.a]\ncommand = [\"no-such\", \"x\"]", `f.toml:2: command = ["no-such", "x"]: no-such is not in the PATH`},
		{"[program.a]\ncommand = [\"" + dir + "/no\"]", `f.toml:2: command = ["` + dir + `/no"]: ` + dir + `/no: there is no such file`},
		{"[program.a]\ncommand = [\"./no\"]", `f.toml:2: command = ["./no"]: ./no: there is no such file in ` + cwd(t)},
		{"[program.a]\ncommand = [\"" + file + "\"]", `f.toml:2: command = ["` + file + `"]: ` + file + " may not be executed; chmod +x makes it so"},
		{cat + "path = \"a\"", `f.toml:3: the path "a" is not clean: it begins with a slash`},
		{cat + "path = \"/a?b\"", `f.toml:3: the path "/a?b" is not one of a URL`},
		{cat + "path = \"\"", `f.toml:3: path is empty; write path = "/a", or leave it out`},
		{cat + "path = 1", `f.toml:3: path is a number, 1; write path = "/NAME"`},
		{"[program.\"a b/\"]\ncommand = [\"cat\"]", `f.toml:1: program "a b/" has a name that cannot be its path`},
		{"[program.\"\"]\ncommand = [\"cat\"]", "f.toml:1: a program has no name; write [program.NAME]"},
		{cat + "[program.b]\npath = \"/a\"\ncommand = [\"cat\"]", `f.toml:4: path = "/a" is also the path of program a, line 1; give one of them another path`},
		{cat + "lifetime = \"supervise\"", "f.toml:3: lifetime = \"supervise\": must be one of connection, session, shared, supervised"},
		{cat + "lifetime = \"ever\"", `f.toml:3: lifetime = "ever": must be one of connection, session, shared`},
		{cat + "lifetime = true", `f.toml:3: lifetime is true; write lifetime = "connection", "session", "shared" or "supervised"`},
		{cat + "cwd = \"" + file + "\"", `f.toml:3: cwd = "` + file + `": is not a directory`},
		{cat + "cwd = \"none\"", `f.toml:3: cwd = "none": there is no such directory in `},
		{cat + "env = [\"A=1\"]", `f.toml:3: env is an array; write env = { NAME = "value" }`},
		{cat + "env = { A = 1 }", `f.toml:3: env.A is a number, 1; write A = "value"`},
		{cat + "env.REMOTE_ADDR = \"1\"", "f.toml:3: env: the variable REMOTE_ADDR tells a program of the request, and cannot be set; take it out"},
		{cat + "[program.a.env]\n\"A=B\" = \"1\"", `f.toml:4: env: "A=B" cannot be a variable's name`},
		{cat + "env = { A = \"\\u0000\" }", "f.toml:3: env.A has a NUL in it"},
		{cat + "maxforks = \"1\"", `f.toml:3: maxforks is a string, "1"; write maxforks = 1`},
		// What does not go together.
		{cat + "binary = true\nstderr = \"tag\"", `f.toml:4: program a: stderr = "tag" makes text messages and cannot go with binary = true; take one of them out`},
		{"stderr = \"tag\"\n" + cat + "binary = true", "f.toml:4: program a: stderr = \"tag\" makes text"},
		{cat + "preforkrequest = true", "f.toml:3: program a: preforkrequest needs prefork"},
		{cat + "prefork = 3\nmaxforks = 2", "f.toml:3: program a: prefork = 3 is more than maxforks = 2"},
		{"maxforks = 3\n" + cat + "prefork = 2\n[program.b]\ncommand = [\"cat\"]\nprefork = 2", "f.toml:7: with program b, 4 processes are to be started ahead, more than maxforks = 3 allows"},
		{"ssl = true\n" + cat, "f.toml:1: please specify both --sslcert and --sslkey when requesting --ssl"},
		{"passstderr = true\nstderr = \"log\"\n" + cat, "f.toml:2: please only specify one of --passstderr and --stderr=log"},
		{"port = 1", "f.toml: there is nothing to serve: write a [program.NAME], or give COMMAND"},
	} {
		_, r := configured(t, test.content)
		if r == nil || r.status != ExitFlags || r.usage || r.onStdout || !strings.HasPrefix(r.message, test.want) || strings.Contains(r.message, "\n") {
			t.Errorf("%q: %+v\nwant %s", test.content, r, test.want)
		}
	}
}

func cwd(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestConfigBesideCommand: the file and the command line must not contradict each
// other.
func TestConfigBesideCommand(t *testing.T) {
	dir := t.TempDir()
	const root = "[program.a]\ncommand = [\"cat\"]\npath = \"/\"\n"
	for content, want := range map[string]string{
		root:                             `f.toml:3: path = "/" of program a is that of COMMAND or --dir`,
		"dir = \"" + dir + "\"\n" + root: "f.toml:1: ambiguous: provided COMMAND and --dir argument",
		"prefork = 2000":                 "f.toml:1: please specify at most --prefork=1024",
	} {
		if _, r := configured(t, content, "cat"); r == nil || !strings.HasPrefix(r.message, want) {
			t.Errorf("%q: %+v\nwant %s", content, r, want)
		}
	}
}

// TestConfigAllFaults: all faults of a file are reported together, by line, and none
// that only follows from another.
func TestConfigAllFaults(t *testing.T) {
	_, r := configured(t, `[program.a]
command = "x y"
prefork = "1"
preforkrequest = true
[program.b]
command = ["cat"]
binary = true
stderr = "tag"
path = "/a"
[program.c]
[unknown]
`)
	if r == nil {
		t.Fatal("accepted")
	}
	var lines []string
	for line := range strings.SplitSeq(r.message, "\n") {
		lines = append(lines, strings.Join(strings.SplitN(line, ":", 3)[:2], ":"))
	}
	if want := strings.Fields("f.toml:2 f.toml:3 f.toml:8 f.toml:9 f.toml:10 f.toml:11"); !slices.Equal(lines, want) {
		t.Errorf("%s", r.message)
	}
}
