package cli

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/manager"
	"websocketd/libwebsocketd/shared"
)

const (
	isKept = "lifetime = \"supervised\"\n"
	keptA  = catA + isKept
)

// appOf returns what the only program of a file is kept alive by.
func appOf(t *testing.T, content string) manager.App {
	t.Helper()
	life, ok := programOf(t, content).Lifetime.(manager.Lifetime)
	if !ok {
		t.Fatalf("%q is not supervised", content)
	}
	return life.App
}

// TestSupervisedKeys: what the keys of a supervised program become.
func TestSupervisedKeys(t *testing.T) {
	cat, err := filepath.Abs("/bin/cat")
	if err != nil {
		t.Fatal(err)
	}
	for keys, change := range map[string]func(*manager.App){
		"":                                    func(a *manager.App) {},
		"instances = 4\nport = \"3000-3003\"": func(a *manager.App) { a.Instances, a.Ports = 4, manager.Ports{First: 3000, Last: 3003} },
		"port = 3000":                         func(a *manager.App) { a.Ports = manager.Ports{First: 3000, Last: 3000} },
		"port = \"3000\"":                     func(a *manager.App) { a.Ports = manager.Ports{First: 3000, Last: 3000} },
		"port = \"auto:5000-5100\"":           func(a *manager.App) { a.Ports = manager.Ports{First: 5000, Last: 5100, Auto: true} },
		"autorestart = false\nevery = \"5m\"": func(a *manager.App) { a.NoRestart, a.Every = true, 5*time.Minute },
		"autorestart = true\nevery = 1500":    func(a *manager.App) { a.Every = 1500 * time.Millisecond },
		"max_restarts = 3\nmin_uptime = 2000": func(a *manager.App) { a.MaxRestarts, a.MinUptime = 3, 2*time.Second },
		"max_restarts = -1\nmin_uptime = 0":   func(a *manager.App) { a.MaxRestarts, a.MinUptime = -1, atOnce },
		"restart_delay = \"5s\"":              func(a *manager.App) { a.RestartDelay = 5 * time.Second },
		"restart_delay = 0\nkill_timeout = 0": func(a *manager.App) { a.KillTimeout = atOnce },
		"kill_timeout = 3_000":                func(a *manager.App) { a.KillTimeout = 3 * time.Second },
		"max_memory_restart = \"512K\"":       func(a *manager.App) { a.MaxMemory = 512 << 10 },
		"max_memory_restart = 1048576":        func(a *manager.App) { a.MaxMemory = 1 << 20 },
		"max_memory_restart = \"1G\"":         func(a *manager.App) { a.MaxMemory = 1 << 30 },
		"after = \"b\"":                       func(a *manager.App) { a.After = []manager.Dependency{{Program: "b", Condition: manager.ReadyTo}} },
		"after = [\"b:healthy\", \"c:exited\"]": func(a *manager.App) {
			a.After = []manager.Dependency{{Program: "b", Condition: manager.Healthy}, {Program: "c", Condition: manager.Completed}}
		},
		"watch = true\nignore_watch = [\"*.log\", \"tmp/\"]": func(a *manager.App) { a.Watch, a.IgnoreWatch = true, []string{"*.log", "tmp/"} },
		"out_file = \"o\"\nerror_file = \"e\"\nlog_file = \"l\"\npid_file = \"p\"": func(a *manager.App) {
			a.OutFile, a.ErrorFile, a.LogFile, a.PidFile = "o", "e", "l", "p"
		},
		"log_size = \"1M\"\nlog_keep = 2": func(a *manager.App) { a.LogSize, a.LogKeep = 1<<20, 2 },
		"log_size = 0":                    func(a *manager.App) { a.LogSize = -1 },
		"namespace = \"shop\"":            func(a *manager.App) { a.Namespace = "shop" },
		"input = \"none\"\nslowclient = \"drop\"\nhistory = \"64K\"\nkeepfirst = 10": func(a *manager.App) {
			a.Input, a.SlowClient, a.History, a.KeepFirst = shared.InputNone, shared.SlowDrop, 64<<10, 10
		},
		"health = { http = \"http://localhost:${PORT}/h\", interval = 10, timeout = \"250ms\", retries = 5 }": func(a *manager.App) {
			a.Health = &manager.Check{HTTP: "http://localhost:${PORT}/h", Interval: 10 * time.Second, Timeout: 250 * time.Millisecond, Retries: 5}
		},
		"health = { script = [\"/bin/cat\", \"x y\"] }": func(a *manager.App) { a.Health = &manager.Check{Script: []string{cat, "x y"}} },
		"health = { check_type = \"script\", script = \"/bin/cat 'x y'\", enabled = true }": func(a *manager.App) {
			a.Health = &manager.Check{Script: []string{cat, "x y"}}
		},
		"health = { check_type = \"http\", url = \"https://a/\", enabled = false }": func(a *manager.App) {},
		"ready = { line = \"listening on [0-9]+\", timeout = \"10s\" }": func(a *manager.App) {
			a.Ready = &manager.Ready{Line: "listening on [0-9]+", Timeout: 10 * time.Second}
		},
		"ready = { notify = true }": func(a *manager.App) { a.Ready = &manager.Ready{Notify: true} },
		"ready = { http = \"http://a:1\", interval = \"1s\" }": func(a *manager.App) {
			a.Ready = &manager.Ready{Check: &manager.Check{HTTP: "http://a:1", Interval: time.Second}}
		},
		"ready.script = \"/bin/cat\"": func(a *manager.App) {
			a.Ready = &manager.Ready{Check: &manager.Check{Script: []string{cat}, Interval: readyInterval}}
		},
	} {
		want := manager.App{Input: shared.InputAll, SlowClient: shared.SlowClose, History: shared.DefaultHistory}
		change(&want)
		others := ""
		for _, d := range want.After {
			others += "[program." + d.Program + "]\ncommand = [\"cat\"]\n" + isKept + "autorestart = false\nhealth.http = \"http://a\"\n"
		}
		if got := appOf(t, keptA+keys+"\n"+others); !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n%+v\nwant\n%+v", keys, got, want)
		}
	}
}

// TestSupervisedFaults: what a file must not contain about lifetime supervised. Each fault has the
// line of the key to change.
func TestSupervisedFaults(t *testing.T) {
	for keys, want := range map[string]string{
		"instances = 0":                  `instances = 0: must be a number from 1 to 256`,
		"instances = 257":                `instances = 257: must be a number from 1 to 256`,
		"instances = \"4\"":              `instances is a string, "4"; write instances = 4`,
		"port = 0":                       `port = 0: "0" is no port`,
		"port = \"x\"":                   `port = "x": "x" is no port: write "3000", "3000-3003" or "auto:5000-5100"`,
		"port = 1.5":                     `port is a number with a fraction, 1.5; write port = 3000, "3000-3003" or "auto:5000-5100"`,
		"autorestart = \"no\"":           `autorestart is a string, "no"; write autorestart = true or false`,
		"max_restarts = 0":               `max_restarts = 0: write autorestart = false`,
		"max_restarts = -2":              `max_restarts = -2: must be a number from -1 to`,
		"min_uptime = -1":                `min_uptime = -1: must be a number of milliseconds that is not negative`,
		"min_uptime = 99999999999999999": `min_uptime = 99999999999999999: must be a number of milliseconds`,
		"restart_delay = \"5\"":          `restart_delay = "5": has no unit: write 5 for milliseconds, or "5s"`,
		"restart_delay = \"soon\"":       `restart_delay = "soon": not a time`,
		"restart_delay = true":           `restart_delay is true; write restart_delay = a number of milliseconds, or "5s"`,
		"max_memory_restart = \"100X\"":  `max_memory_restart = "100X": not a size`,
		"max_memory_restart = -1":        `max_memory_restart = -1: must not be negative`,
		"every = 0":                      `every = 0: must be more than nothing`,
		"log_keep = 0":                   `log_keep = 0: must be a number from 1 to 1000`,
		"log_file = \" \"":               `log_file is empty; take it out`,
		"ignore_watch = [1]":             `ignore_watch is a number, 1; write ignore_watch = ["PATTERN", "PATTERN"], all of it strings`,
		"health = \"http://a\"":          `health is a string, "http://a"; write health = { http = "URL" } or { script = "PATH" }`,
		"health = { }":                   `health needs either http = "URL" or script = "PATH", and not both`,
		"health = { http = \"http://a\", script = \"cat\" }": `health needs either http = "URL" or script = "PATH", and not both`,
		"health = { http = \"localhost:1\" }":                `health.http = "localhost:1": must be a URL like`,
		"health = { htp = \"http://a\" }":                    `unknown key "htp" in health; did you mean "http"?`,
		"health = { script = \"no/such\" }":                  `health.script = ["no/such"]: no/such: there is no such file`,
		"health = { http = \"http://a\", interval = 0 }":     `health.interval = 0: must be more than nothing`,
		"health = { http = \"http://a\", interval = \"5\" }": `health.interval = "5": has no unit: write 5 for seconds, or "5s"`,
		"health = { http = \"http://a\", retries = 0 }":      `health.retries = 0: must be a number from 1 to 1000`,
		"health = { check_type = \"tcp\" }":                  `health.check_type = "tcp": must be one of http, script`,
		"health = { check_type = \"http\" }":                 `health.check_type = "http" needs url as well`,
		"ready = { notify = true, line = \"x\" }":            `ready needs one of { http = "URL" }`,
		"ready = { line = \"(\" }":                           `ready.line = "(": must be a regular expression`,
		"ready = { line = \"x\", timeout = 5 }":              `ready.timeout is a number, 5; write ready.timeout = "5s"`,
		"after = [\"b:up\"]":                                 `after = "b:up": what can be waited for in a program is started, ready, healthy and completed`,
		"after = [\":ready\"]":                               `after = ":ready": has no name`,
		"after = [\"b\"]":                                    `program "a": after has "b:ready": there is no such program`,
		"maxforks = 2":                                       `maxforks does not go with lifetime "supervised": its processes are not for clients; write instances = N, or take maxforks out`,
		"closems = 2":                                        `closems does not go with lifetime "supervised"`,
		"prefork = 2":                                        `program a: prefork = 2 does not go with lifetime "supervised": its processes are started with the server`,
		"resume = \"5m\"":                                    `resume = "5m" is for lifetime "session", and line 3 has lifetime = "supervised"`,
		"attach = \"share\"":                                 `program a: attach is for lifetime "session"; write lifetime = "session", or take attach out`,
		"start = \"eager\"":                                  `program a: start is for lifetime "shared"`,
		"maxframesize = 0":                                   `program a: maxframesize = 0 is no limit, but lifetime "supervised" needs one`,
		"user = \"no-such\"":                                 `program a: there is no user "no-such" on this system`,
		"group = \"no-such\"":                                `program a: there is no group "no-such" on this system`,
		"user = 4294967290":                                  `program a: there is no user "4294967290" on this system`,
		"user = true":                                        `user is true; write user = "text"`,
		"user = \"root\"\ngroup = \"no-such\"":               `program a: there is no group "no-such" on this system`,
		"instances = 3\nport = \"3000-3001\"":                `program a: lifetime supervised: the ports 3000-3001 are 2, too few for 3 instances`,
	} {
		_, r := configured(t, keptA+keys+"\n")
		at := "f.toml:4: "
		if strings.Contains(keys, "\n") {
			at = "f.toml:5: "
		}
		if r == nil || r.status != ExitFlags || !strings.HasPrefix(r.message, at+want) || strings.Contains(r.message, "\n") {
			t.Errorf("%q:\n%+v\nwant\n%s", keys, r, at+want)
		}
	}
}

// TestSupervisedKeyElsewhere: every key of a supervised program is a fault in another one, and
// above all programs.
func TestSupervisedKeyElsewhere(t *testing.T) {
	values := map[string]string{"instances": "2", "port": "3000", "autorestart": "false", "health": "{ http = \"http://a\" }", "ready": "{ notify = true }",
		"after": "[]", "every": "1", "max_restarts": "1", "min_uptime": "1", "restart_delay": "1", "kill_timeout": "1", "max_memory_restart": "1", "log_keep": "1"}
	for _, key := range supervisedNames {
		if supervisedKeys[key] == nil {
			t.Errorf("nothing reads %s", key)
		}
		value := values[key]
		if value == "" {
			value = `"1"`
		}
		_, r := configured(t, catA+key+" = "+value+"\n")
		want := `f.toml:3: ` + key + ` is for lifetime "supervised"; write lifetime = "supervised", or take ` + key + ` out`
		if r == nil || !strings.HasPrefix(r.message, want) || strings.Contains(r.message, "\n") {
			t.Errorf("%s: %+v\nwant %s", key, r, want)
		}
		_, r = configured(t, key+" = "+value+"\n"+catA)
		if key != "port" && (r == nil || r.message != "f.toml:1: "+key+" is a key of a program: write it below a line [program.NAME]") {
			t.Errorf("%s above the programs: %+v", key, r)
		}
	}
	if len(supervisedNames) != len(supervisedKeys) {
		t.Errorf("%d names of %d keys", len(supervisedNames), len(supervisedKeys))
	}
}

// TestOnceWithSupervised: --once does not go with a program that is there before its clients.
func TestOnceWithSupervised(t *testing.T) {
	_, r := configured(t, "once = true\n"+keptA)
	if want := `f.toml:1: program a: once = true does not go with lifetime "supervised"`; r == nil || !strings.HasPrefix(r.message, want) {
		t.Errorf("%+v\nwant %s", r, want)
	}
}

// TestSplitWords: words are divided as a shell does.
func TestSplitWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                      nil,
		"  a  b\t":              {"a", "b"},
		`a 'b  c' "d e"`:        {"a", "b  c", "d e"},
		`a\ b "c\"d" 'e\' ''`:   {"a b", `c"d`, `e\`, ""},
		`--name="x y" --level=`: {"--name=x y", "--level="},
	} {
		if got, err := splitWords(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{`a "b`, `'`, `a\`} {
		if got, err := splitWords(text); err == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestAfterFaults: what programs wait for is checked over all of them, with the line of each fault,
// and what only follows from another fault is left out.
func TestAfterFaults(t *testing.T) {
	for content, want := range map[string]string{
		keptA + "after = [\"cahce\",\n\"cache:healthy\"]\n" + catB + isKept + "[program.cache]\ncommand = [\"cat\"]\n" + isKept: `f.toml:4: program "a": after has "cahce:ready": there is no such program; did you mean "cache"?
f.toml:5: program "a": after has "cache:healthy": nothing says when it is healthy; set health there`,
		keptA + "after = \"b\"\n" + catB + isKept + "after = \"a\"\n":      `f.toml:4: these programs wait for each other (after): a -> b -> a`,
		keptA + "after = \"b\"\n" + catB:                                   `f.toml:4: program "a": after has "b:ready": that program is not supervised (lifetime)`,
		keptA + "after = \"b:healthy\"\n" + catB + isKept + "health = 1\n": `f.toml:8: health is a number, 1; write health = { http = "URL" } or { script = "PATH" }`,
		keptA + "after = \"b\"\n" + catB + "lifetime = \"x\"\n":            `f.toml:7: lifetime = "x": must be one of connection, session, shared, supervised`,
		keptA + "after = \"b\"\n" + catB + isKept + "instances = 0\n":      `f.toml:8: instances = 0: must be a number from 1 to 256`,
	} {
		if _, r := configured(t, content); r == nil || r.message != want {
			t.Errorf("%q:\n%+v\nwant\n%s", content, r, want)
		}
	}
}

// TestGrace: supervised programs may take their time to end, one after the other.
func TestGrace(t *testing.T) {
	w, r := configured(t, keptA+"kill_timeout = \"20s\"\n"+catB+isKept+"[program.c]\ncommand = [\"cat\"]\n")
	if r != nil {
		t.Fatal(r.message)
	}
	if got, want := grace(w.programs), 20*time.Second+manager.DefaultKillTimeout; got != want {
		t.Errorf("%v, want %v", got, want)
	}
}
