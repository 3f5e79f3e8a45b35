package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/manager"
	"websocketd/libwebsocketd/shared"
)

// inTOML and inJSON are one file, with every key that PMDaemon documents.
const (
	inTOML = `
[[apps]]
name = "api"
script = "cat"
args = ["-u", "--", "a b", 7]
cwd = "DIR"
env = { NODE_ENV = "production", PORT = 3000, RATIO = 0.5, DEBUG = true }
instances = 2
exec_mode = "cluster"
autorestart = false
max_restarts = 5
min_uptime = "5s"
restart_delay = 250
kill_timeout = 3000
max_memory_restart = "100M"
out_file = "out.log"
error_file = "err.log"
log_file = "all.log"
pid_file = "api.pid"
watch = true
ignore_watch = ["node_modules", "*.log"]
user = "USER"
group = "GROUP"
namespace = "web"
port = "3000-3003"

[apps.health_check]
check_type = "http"
url = "http://localhost:3000/health"
timeout = 5
interval = 30
retries = 3
enabled = true

[[apps]]
name = "worker"
script = "work.py"
args = "--queue 'a b'"
port = "auto:5000-5100"
health_check = { check_type = "script", script = "cat", enabled = true }
after = ["api:started"]
`
	inJSON = `{
  "apps": [
    {
      "name": "api", "script": "cat", "args": ["-u", "--", "a b", 7], "cwd": "DIR",
      "env": { "NODE_ENV": "production", "PORT": 3000, "RATIO": 0.5, "DEBUG": true, "NONE": null },
      "instances": 2, "exec_mode": "cluster", "autorestart": false, "max_restarts": 5, "min_uptime": "5s",
      "restart_delay": 250, "kill_timeout": 3000, "max_memory_restart": "100M",
      "out_file": "out.log", "error_file": "err.log", "log_file": "all.log", "pid_file": "api.pid",
      "watch": true, "ignore_watch": ["node_modules", "*.log"], "user": "USER", "group": "GROUP", "namespace": "web", "port": "3000-3003",
      "health_check": { "check_type": "http", "url": "http://localhost:3000/health", "timeout": 5, "interval": 30, "retries": 3, "enabled": true }
    },
    {
      "name": "worker", "script": "work.py", "args": "--queue 'a b'", "port": "auto:5000-5100", "cwd": null,
      "health_check": { "check_type": "script", "script": "cat", "enabled": true }, "after": ["api:started"]
    }
  ]
}`
)

// TestApps: a file in PMDaemon's form is the same programs in TOML and in JSON.
func TestApps(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	writeFile(t, "work.py", "#!/usr/bin/env -S sh -e\n", 0o644)
	cat, _ := lookCommand("cat")
	python := []string{"/usr/bin/env", "-S sh -e", filepath.Join(dir, "work.py"), "--queue", "a b"}
	var first []libwebsocketd.Program
	for form, content := range map[string]string{"TOML": inTOML, "JSON": inJSON} {
		w, r := configured(t, strings.NewReplacer("DIR", dir, "USER", ownUser, "GROUP", ownGroup).Replace(content))
		if r != nil {
			t.Fatalf("%s: %s", form, r.message)
		}
		if len(w.file.notes) != 1 || !strings.Contains(w.file.notes[0], "app api are processes of their own: exec_mode cluster is fork here") {
			t.Errorf("%s: notes %q", form, w.file.notes)
		}
		api, worker := w.programs[0], w.programs[1]
		for _, check := range []struct{ got, want any }{
			{[]any{api.Name, api.Path, api.Command, api.WorkDir}, []any{"api", "/api", []string{cat, "-u", "--", "a b", "7"}, dir}},
			{[]any{api.Env, api.User, api.Group}, []any{[]string{"NODE_ENV=production", "PORT=3000", "RATIO=0.5", "DEBUG=true"}, ownUser, ownGroup}},
			{[]any{worker.Name, worker.Path, worker.Command}, []any{"worker", "/worker", python}},
			{api.Lifetime.(manager.Lifetime).App, manager.App{
				Namespace: "web", Instances: 2, Ports: manager.Ports{First: 3000, Last: 3003}, NoRestart: true, MaxRestarts: 5, MinUptime: 5 * time.Second,
				RestartDelay: 250 * time.Millisecond, KillTimeout: 3 * time.Second, MaxMemory: 100 << 20,
				Health: &manager.Check{HTTP: "http://localhost:3000/health", Interval: 30 * time.Second, Timeout: 5 * time.Second, Retries: 3},
				Watch:  true, IgnoreWatch: []string{"node_modules", "*.log"}, OutFile: "out.log", ErrorFile: "err.log", LogFile: "all.log", PidFile: "api.pid",
				Input: shared.InputAll, SlowClient: shared.SlowClose, History: shared.DefaultHistory,
			}},
			{worker.Lifetime.(manager.Lifetime).App, manager.App{
				Ports: manager.Ports{First: 5000, Last: 5100, Auto: true}, Health: &manager.Check{Script: []string{cat}},
				After: []manager.Dependency{{Program: "api", Condition: manager.Started}},
				Input: shared.InputAll, SlowClient: shared.SlowClose, History: shared.DefaultHistory,
			}},
		} {
			if !reflect.DeepEqual(check.got, check.want) {
				t.Errorf("%s: %+v\nwant %+v", form, check.got, check.want)
			}
		}
		if first == nil {
			first = w.programs
		} else if !reflect.DeepEqual(first, w.programs) {
			t.Errorf("not the same in both forms: %+v\n%+v", first, w.programs)
		}
	}
}

// writeFile writes a file of a test.
func writeFile(t *testing.T, name, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// TestAppFaults: everything that is wrong with apps is told at once, with its place and the name of
// the app, and the exit status is 2.
func TestAppFaults(t *testing.T) {
	const ok = `"name": "a", "script": "cat"`
	for app, want := range map[string]string{
		`{"script": "cat"}`:                                   `1:11: app 1: name is missing; write "name": "NAME"`,
		`{"name": "a"}`:                                       `1:11: app a: script is missing; write "script": "SCRIPT"`,
		`{"name": "", "script": "cat"}`:                       `1:12: app 1: name is empty; every app has a name of its own`,
		`{"name": "a", "script": ""}`:                         `1:25: app a: script is empty; it is the path of what runs`,
		`{` + ok + `, "instances": 0}`:                        `1:42: app a: instances = 0: must be a number from 1 to 256`,
		`{` + ok + `, "port": "x"}`:                           `1:42: app a: port = "x": "x" is no port: write "3000", "3000-3003" or "auto:5000-5100"`,
		`{` + ok + `, "max_memory_restart": "much"}`:          `1:42: app a: max_memory_restart = "much": not a size, which is a number of bytes or one like 64K, 1MiB, 2G`,
		`{` + ok + `, "instance": 2}`:                         `1:42: app a: unknown key "instance"; did you mean "instances"?`,
		`{` + ok + `, "command": ["cat"]}`:                    `1:42: app a: command is a key of [program.NAME]; an app has script, and args for its arguments`,
		`{` + ok + `, "resume": "5m"}`:                        `1:42: app a: resume is a key of [program.NAME]; apps are supervised programs, take it out`,
		`{` + ok + `, "lifetime": "shared"}`:                  `1:42: app a: lifetime is a key of [program.NAME]; apps are supervised programs, take it out`,
		`{` + ok + `, "exec_mode": "thread"}`:                 `1:42: app a: exec_mode = "thread": must be one of fork, cluster`,
		`{` + ok + `, "args": "a 'b"}`:                        `1:42: app a: args = "a 'b": a quote or a backslash in it has no end`,
		`{` + ok + `, "args": [[]]}`:                          `1:51: app a: args is an array; write "args": ["ARGUMENT", "ARGUMENT"]`,
		`{` + ok + `, "env": {"A": []}}`:                      `1:50: app a: env.A is an array; write "A": "value"`,
		`{` + ok + `, "env": {"SERVER_NAME": "x"}}`:           `1:50: app a: env: the variable SERVER_NAME tells a program of the request, and cannot be set; take it out`,
		`{` + ok + `, "cwd": "/no/such"}`:                     `1:42: app a: cwd = "/no/such": there is no such directory`,
		`{` + ok + `, "health_check": {"check_type": "tcp"}}`: `1:59: app a: health_check.check_type = "tcp": must be one of http, script`,
		`{"name": "a", "script": "no-such"}`:                  `1:25: app a: script = "no-such": no-such is not in the PATH of websocketd; write its whole path, or ./no-such`,
		`{"name": "a", "script": "./no.js"}`:                  `1:25: app a: script = "./no.js": ./no.js: there is no such file`,
		`{"name": "a b?", "script": "cat"}`:                   `1:12: app a b?: name = "a b?" cannot be its path; write "path": "/..."`,
		`{` + ok + `}, {` + ok + `}`:                          `1:44: app a is also the name of another program, line 1; give one of them another name`,
		`7`:                                                   `1:11: app 1 is a number; an app is a table with name and script`,
	} {
		_, r := configured(t, `{"apps": [`+app+`]}`)
		if r == nil || r.status != ExitFlags || !strings.HasPrefix(r.message, "f.toml:"+want) || strings.Contains(r.message, "\n") {
			t.Errorf("%s:\n%+v\nwant\n%s", app, r, want)
		}
	}
	all := "[[apps]]\nscript = \"cat\"\ninstances = 0\n[[apps]]\nname = \"b\"\nscript = \"cat\"\nport = 0\nmax_memory_restart = \"x\"\n[[apps]]\nname = \"b\"\nscript = \"cat\"\n"
	want := `f.toml:1: app 1: name is missing; write name = "NAME"
f.toml:3: app 1: instances = 0: must be a number from 1 to 256
f.toml:7: app b: port = 0: "0" is no port: write "3000", "3000-3003" or "auto:5000-5100"
f.toml:8: app b: max_memory_restart = "x": not a size, which is a number of bytes or one like 64K, 1MiB, 2G
f.toml:10: app b is also the name of another program, line 5; give one of them another name`
	if _, r := configured(t, all); r == nil || r.message != want {
		t.Errorf("%+v\nwant\n%s", r, want)
	}
}

// TestJSONFaults: what is wrong with the form of a file in JSON has a line, a column and the way out.
func TestJSONFaults(t *testing.T) {
	for content, want := range map[string]string{
		"{\n  \"apps\": [],\n}":       `f.toml:3:1: invalid character '}' looking for beginning of object key string; after the comma before it nothing follows: take that out`,
		"{ // apps\n}":                `f.toml:1:3: invalid character '/' looking for beginning of object key string; JSON has no comments: take it out, or write the file in TOML`,
		"{'apps': []}":                `f.toml:1:2: invalid character '\'' looking for beginning of object key string; a string stands in double quotes`,
		"{\"apps\": [\n {\"a\": 1}\n": `f.toml:2:10: the file ends too soon: a bracket, a brace or a quote is missing`,
		"{\"port\": 1, \"port\": 2}":  `f.toml:1:13: the key "port" is there twice; take one of them out`,
		"{\"prot\": 1}":               `f.toml:1:2: unknown key "prot"; did you mean "port"?`,
		"{\"port\": \"80\"}":          `f.toml:1:2: port is a string, "80"; write "port": 80`,
		"{\"a\": \"\xff\"}":           `f.toml:1:8: this is not UTF-8`,
		"{\"apps\": {}}":              `f.toml:1:2: apps is a table; it is a list of programs, each with name and script: [[apps]] in TOML, "apps": [ { } ] in JSON`,
		"\xef\xbb\xbf {\"apps\": 1}":  `f.toml:1:3: apps is a number; it is a list of programs`,
		"{\"program\": {\"a\": {\"command\": [\"cat\"], \"maxlin\": 1}}}": `f.toml:1:40: unknown key "maxlin" in program a; did you mean "maxline"?`,
	} {
		if _, r := configured(t, content); r == nil || !strings.HasPrefix(r.message, want) {
			t.Errorf("%q:\n%+v\nwant\n%s", content, r, want)
		}
	}
	if c := parseConfig("f.json", []byte("[]"), newParser().Model.Flags); len(c.faults.all) != 1 || !strings.Contains(c.faults.all[0].message, "it begins with a brace") {
		t.Errorf("%+v", c.faults.all)
	}
	if c := parseConfig("f.json", []byte("port = 1"), newParser().Model.Flags); len(c.faults.all) != 1 || c.faults.all[0].pos != (position{1, 1}) {
		t.Errorf("%+v", c.faults.all)
	}
	if w, r := configured(t, `{"port": 8080, "program": {"a": {"command": ["cat"], "path": "/x", "lifetime": null}}}`); r != nil || w.Listen.Port != 8080 || w.programs[0].Path != "/x" {
		t.Errorf("%+v, %+v", w.programs, r)
	}
}

// TestAppScripts: what runs for a script, whether or not it is executable itself.
func TestAppScripts(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("sub", 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, "run", "#!/bin/sh\n", 0o755)
	writeFile(t, "sub/run", "#!/bin/sh\n", 0o755)
	writeFile(t, "plain.sh", "echo\n", 0o644)
	writeFile(t, "sub/deep.sh", "echo\n", 0o644)
	writeFile(t, "banged", "#! /bin/sh -e \necho\n", 0o644)
	writeFile(t, "text", "echo\n", 0o644)
	sh, _ := lookCommand("sh")
	for _, test := range []struct {
		script, cwd string
		want        []string
		why         string
	}{
		{script: "sh", want: []string{sh}},
		{script: "./run", want: []string{"./run"}},
		{script: "run", want: []string{"./run"}},
		{script: "sub/run", want: []string{"sub/run"}},
		{script: "./run", cwd: "sub", want: []string{"sub/run"}},
		{script: "run", cwd: filepath.Join(dir, "sub"), want: []string{filepath.Join(dir, "sub", "run")}},
		{script: filepath.Join(dir, "run"), cwd: "sub", want: []string{filepath.Join(dir, "run")}},
		{script: "plain.sh", want: []string{sh, filepath.Join(dir, "plain.sh")}},
		{script: "deep.sh", cwd: "sub", want: []string{sh, filepath.Join(dir, "sub", "deep.sh")}},
		{script: "./banged", want: []string{"/bin/sh", "-e", filepath.Join(dir, "banged")}},
		{script: "./text", why: "./text may not be executed; chmod +x makes it so"},
		{script: "./run --fast", why: `there is no such file; arguments stand in args: write script = "./run" and args = ["--fast"]`},
	} {
		c := parseConfig("", nil, newParser().Model.Flags)
		p := &fileProgram{script: test.script, cwd: test.cwd, at: map[string]position{}, broken: map[string]bool{}}
		c.findScript(p)
		why := ""
		if len(c.faults.all) > 0 {
			_, why, _ = strings.Cut(c.faults.all[0].message, ": ")
		}
		if !reflect.DeepEqual(p.command, test.want) || why != test.why {
			t.Errorf("%s in %q: %q, %s; want %q, %s", test.script, test.cwd, p.command, why, test.want, test.why)
		}
	}
}

// TestNameChooses: --name leaves one program of the file, and those that it is started after.
func TestNameChooses(t *testing.T) {
	content := keptA + "after = \"b\"\n" + catB + isKept + "after = \"c\"\n[program.c]\ncommand = [\"cat\"]\n" + isKept + "[program.web]\ncommand = [\"cat\"]\n"
	for name, want := range map[string]string{"": "a b c web", "a": "a b c", "b": "b c", "c": "c", "web": "web"} {
		w, r := configuredBy(t, content, "--name="+name)
		var got []string
		for _, p := range w.programs {
			got = append(got, p.Name)
		}
		if r != nil || strings.Join(got, " ") != want || len(w.file.programs) != len(got) {
			t.Errorf("--name=%s: %q, %+v; want %s", name, got, r, want)
		}
	}
	if _, r := configuredBy(t, content, "--name=wbe"); r == nil || r.status != ExitFlags ||
		r.message != `f.toml: there is no program "wbe", which --name asks for; did you mean "web"?; there are a, b, c, web` {
		t.Errorf("%+v", r)
	}
	if _, r := configuredBy(t, content+"binry = true\n", "--name=c"); r == nil || !strings.Contains(r.message, `unknown key "binry" in program web`) {
		t.Errorf("faults of other programs are not told: %+v", r)
	}
}
