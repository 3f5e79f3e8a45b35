package manager

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// show tells what it is given, and goes on. It is not executable, and has no #! line.
const show = `echo "$(basename "$0") $* in $(basename "$(pwd)"): ${NODE_ENV-} ${RETRIES-} ${DEBUG-} port ${PORT-none} number ${PM2_INSTANCE_ID-none} ${NODE_APP_INSTANCE-none}"
exec sleep 1d
`

// inDir serves a file of a directory with show.sh in it.
func inDir(t *testing.T, dir, name, content string, args ...string) *managed {
	t.Helper()
	harness.WriteFile(t, filepath.Join(dir, "sub", "show.sh"), show, 0o644)
	harness.WriteFile(t, filepath.Join(dir, name), content, 0o600)
	admin := fmt.Sprintf("127.0.0.1:%d", harness.FreePort(t))
	o := harness.Options{Bin: harness.Binary(t), Dir: dir, Args: append([]string{"--admin=" + admin, "--admintoken=none", "--config=" + name}, args...)}
	return startManaged(t, o, admin)
}

// known is what the operator is told of a process.
type known struct {
	Name, Namespace, Status string
	Port                    *int
	Command                 []string
}

// String returns the name and the port.
func (k known) String() string {
	if k.Port == nil || *k.Port == 0 {
		return k.Name
	}
	return fmt.Sprintf("%s:%d", k.Name, *k.Port)
}

// list returns every process, when all are online.
func (s *managed) list(t *testing.T) (all []known) {
	t.Helper()
	harness.Until(t, "every process is online", func() bool {
		answer, err := harness.HTTPClient(t).Get("http://" + s.admin + "/api/processes")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var document struct{ Data []known }
		if err := json.NewDecoder(answer.Body).Decode(&document); err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%d, %v", answer.StatusCode, err)
		}
		all = document.Data
		for _, k := range all {
			if k.Status != "online" {
				return false
			}
		}
		return len(all) > 0
	})
	return all
}

// names returns the names and ports of processes.
func names(all []known) string {
	var texts []string
	for _, k := range all {
		texts = append(texts, k.String())
	}
	return strings.Join(texts, " ")
}

// says returns the first line that an instance has written.
func (s *managed) says(t *testing.T, target string) string {
	t.Helper()
	c := s.ConnectTo(t, target)
	defer c.Close()
	m, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	return string(m.Data)
}

// TestPoint14: the same ecosystem file in JSON and TOML starts the same programs.
func TestPoint14(t *testing.T) {
	t.Parallel()
	ports := harness.FreePort(t)
	files := map[string]string{
		"ecosystem.json": fmt.Sprintf(`{ "apps": [
			{ "name": "api", "script": "./show.sh", "args": ["--verbose", "a b", 7], "cwd": "sub", "env": { "NODE_ENV": "production", "RETRIES": 3, "DEBUG": true },
			  "exec_mode": "cluster", "port": %d, "namespace": "web", "max_memory_restart": "100M", "min_uptime": 1000, "kill_timeout": "3s",
			  "health_check": { "check_type": "script", "script": "true", "interval": 30, "timeout": 5, "retries": 3, "enabled": true } },
			{ "name": "worker", "script": "sh", "args": "-c 'echo it works; exec sleep 1d'", "out_file": "out.log", "error_file": null }
		] }`, ports),
		"ecosystem.toml": fmt.Sprintf(`
			[[apps]]
			name = "api"
			script = "./show.sh"
			args = ["--verbose", "a b", 7]
			cwd = "sub"
			env = { NODE_ENV = "production", RETRIES = 3, DEBUG = true }
			exec_mode = "cluster"
			port = %d
			namespace = "web"
			max_memory_restart = "100M"
			min_uptime = 1000
			kill_timeout = "3s"
			[apps.health_check]
			check_type = "script"
			script = "true"
			interval = 30
			timeout = 5
			retries = 3
			enabled = true

			[[apps]]
			name = "worker"
			script = "sh"
			args = "-c 'echo it works; exec sleep 1d'"
			out_file = "out.log"
		`, ports),
	}
	for name, content := range files {
		t.Run(name, func(t *testing.T) { // one after the other: they have one port
			s := inDir(t, t.TempDir(), name, content)
			all := s.list(t)
			if got, want := names(all), fmt.Sprintf("api:%d worker", ports); got != want || all[0].Namespace != "web" || all[1].Namespace != "default" {
				t.Errorf("%s: %+v, want %s", name, all, want)
			}
			for target, want := range map[string]string{
				"/api":    fmt.Sprintf("show.sh --verbose a b 7 in sub: production 3 true port %d number 0 0", ports),
				"/worker": "it works",
			} {
				if got := s.says(t, target); got != want {
					t.Errorf("%s %s says %q, want %q", name, target, got, want)
				}
			}
			if len(s.Out.With("app api are processes of their own: exec_mode cluster is fork here")) != 1 {
				t.Errorf("nothing is said of exec_mode cluster:\n%s", s.Out)
			}
		})
	}
	t.Run("one app", func(t *testing.T) {
		s := inDir(t, t.TempDir(), "ecosystem.json", files["ecosystem.json"], "--name=worker")
		if got := names(s.list(t)); got != "worker" {
			t.Errorf("--name=worker starts %s", got)
		}
	})
}

// TestPoint14Rejections: every rejection is reported with the app's name and stops the start, in
// both forms.
func TestPoint14Rejections(t *testing.T) {
	t.Parallel()
	const good = `"name": "db", "script": "cat"`
	for keys, want := range map[string]string{
		`"name": "", "script": "cat"`:                    "app 2: name is empty",
		`"script": "cat"`:                                "app 2: name is missing",
		`"name": "api", "script": ""`:                    "app api: script is empty",
		`"name": "api"`:                                  "app api: script is missing",
		`"name": "api", "script": "cat", "instances": 0`: "app api: instances = 0: must be a number from 1 to 256",
		good: "app db is also the name of another program",
		`"name": "api", "script": "cat", "port": "80x"`:                          `app api: port = "80x": "80x" is no port`,
		`"name": "api", "script": "cat", "port": "70000"`:                        `app api: port = "70000": "70000" is no port`,
		`"name": "api", "script": "cat", "port": "auto:5000"`:                    `app api: port = "auto:5000": "auto:5000" is no port`,
		`"name": "api", "script": "cat", "max_memory_restart": "lots"`:           `app api: max_memory_restart = "lots": not a size`,
		`"name": "api", "script": "cat", "instances": 3, "port": "3000-3001"`:    "program api: lifetime supervised: the ports 3000-3001 are 2, too few for 3 instances",
		`"name": "api", "script": "cat", "health_check": {"check_type": "ping"}`: `app api: health_check.check_type = "ping": must be one of http, script`,
		`"name": "api", "script": "cat", "autostart": true`:                      `app api: unknown key "autostart"; did you mean "autorestart"?`,
		`"name": "api", "script": "cat", "user": "no-such-user"`:                 `program api: there is no user "no-such-user" on this system`,
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			for name, content := range map[string]string{
				"e.json": "{ \"apps\": [ {" + good + "},\n {" + keys + "} ] }",
				"e.toml": "[[apps]]\n" + inTOML(t, good) + "[[apps]]\n" + inTOML(t, keys),
			} {
				file := filepath.Join(t.TempDir(), name)
				harness.WriteFile(t, file, content, 0o600)
				o := harness.Options{Bin: harness.Binary(t), Args: []string{"--config=" + file}}
				s := o.Launch(t)
				if status := s.Wait(t); status != 2 || !strings.Contains(s.Err.String(), want) || !strings.HasPrefix(s.Err.String(), file+":") || s.Out.String() != "" {
					t.Errorf("%s: status %d, %s%s\nwant %s", content, status, s.Out, s.Err, want)
				}
			}
		})
	}
}

// inTOML returns the keys of an object in the form of TOML.
func inTOML(t *testing.T, keys string) string {
	t.Helper()
	var values map[string]any
	if err := json.Unmarshal([]byte("{"+keys+"}"), &values); err != nil {
		t.Fatal(err)
	}
	text := ""
	for key, value := range values {
		switch v := value.(type) {
		case string:
			text += fmt.Sprintf("%s = %q\n", key, v)
		case map[string]any:
			for inner, value := range v {
				text += fmt.Sprintf("%s.%s = %q\n", key, inner, value)
			}
		default:
			text += fmt.Sprintf("%s = %v\n", key, v)
		}
	}
	return text
}

// TestPoint15: instances have names, variables and ports.
func TestPoint15(t *testing.T) {
	t.Parallel()
	first := harness.FreePort(t)
	free, taken := harness.FreePort(t), listen(t)
	from, to := min(free, taken), max(free, taken)
	s := inDir(t, t.TempDir(), "ecosystem.json", fmt.Sprintf(`{ "apps": [
		{ "name": "range", "script": "sub/show.sh", "instances": 3, "port": "40001-40004" },
		{ "name": "single", "script": "sub/show.sh", "instances": 2, "port": "%d" },
		{ "name": "none", "script": "sub/show.sh", "instances": 2 },
		{ "name": "alone", "script": "sub/show.sh", "port": "auto:%d-%d" }
	] }`, first, from, to))
	all := s.list(t)
	if len(s.Out.With("Serving program", "range at /range, supervised, 3 instances: ")) != 1 || len(s.Out.With("Serving program", "alone at /alone, supervised: ")) != 1 {
		t.Errorf("the start does not tell what is supervised:\n%s", s.Out)
	}
	got := map[string]string{}
	for _, k := range all {
		got[k.Name] = k.String()
	}
	for name, want := range map[string]string{
		"range-0": "range-0:40001", "range-1": "range-1:40002", "range-2": "range-2:40003",
		"single-0": fmt.Sprintf("single-0:%d", first), "single-1": "single-1", "none-0": "none-0", "none-1": "none-1",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	_, auto, _ := strings.Cut(got["alone"], ":")
	if port, _ := strconv.Atoi(auto); len(all) != 8 || port < from || port > to || port == taken {
		t.Errorf("%d processes, and auto:%d-%d, where %d is taken, is %q", len(all), from, to, taken, got["alone"])
	}
	for target, want := range map[string]string{
		"/range?instance=0":  "port 40001 number 0 0",
		"/range?instance=2":  "port 40003 number 2 2",
		"/single?instance=0": fmt.Sprintf("port %d number 0 0", first),
		"/single?instance=1": "port none number 1 1",
		"/none?instance=1":   "port none number 1 1",
		"/alone":             "port " + auto + " number 0 0",
	} {
		if said := s.says(t, target); !strings.HasSuffix(said, want) {
			t.Errorf("%s says %q, want %q", target, said, want)
		}
	}
}

// listen takes a port of this machine, for as long as the test runs.
func listen(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

// TestUserAndGroup: a program runs as the user and the group that the file names, with that user's
// groups, and is told who it is. A server that may not change users says so before the start.
func TestUserAndGroup(t *testing.T) {
	t.Parallel()
	const config = `[program.who]
		command = ["/bin/sh", "-c", "echo $(id -u) $(id -g) $USER $LOGNAME ${HOME:+home}; exec sleep 1d"]
		lifetime = "supervised"
		user = "nobody"
	`
	if os.Geteuid() != 0 {
		file := filepath.Join(t.TempDir(), "f.toml")
		harness.WriteFile(t, file, config, 0o600)
		s := harness.Options{Bin: harness.Binary(t), Args: []string{"--config=" + file}}.Launch(t)
		if status := s.Wait(t); status != 2 || !strings.Contains(s.Err.String(), ":4: program who: the server runs as user ") {
			t.Errorf("status %d, %s", status, s.Err)
		}
		return
	}
	uid, gid := idOf(t, "-u"), idOf(t, "-g")
	if got, want := manage(t, config).says(t, "/who"), uid+" "+gid+" nobody nobody home"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
	if got, want := manage(t, config+"group = \"root\"\nenv = { USER = \"me\" }\n").says(t, "/who"), uid+" 0 me nobody home"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
}

// idOf returns a number of the user nobody.
func idOf(t *testing.T, which string) string {
	t.Helper()
	out, err := exec.Command("id", which, "nobody").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestReloadOfFile: SIGHUP takes up what has changed of supervised programs, and nothing of a file
// with a fault.
func TestReloadOfFile(t *testing.T) {
	t.Parallel()
	const tick = "command = [\"/bin/sh\", \"-c\", \"echo %s; exec sleep 1d\"]\nlifetime = \"supervised\"\nmin_uptime = 100\n"
	content := func(a, more string) string {
		return "[program.a]\n" + fmt.Sprintf(tick, a) + "[program.same]\n" + fmt.Sprintf(tick, "same") + more
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "f.toml")
	s := inDir(t, dir, "f.toml", content("one", ""))
	before := map[string]int{"a": s.awaitOnline(t, "a").Data.Pid, "same": s.awaitOnline(t, "same").Data.Pid}

	harness.WriteFile(t, file, content("two", "after = \"same\"\n"), 0o600)
	s.Signal(t, syscall.SIGHUP)
	s.Out.Await(t, "these programs wait for each other (after): same -> same")
	s.Out.Await(t, "Configuration not taken")
	if got := s.info(t, "a").Data.Pid; got != before["a"] {
		t.Errorf("a file with a fault has replaced %d by %d", before["a"], got)
	}

	harness.WriteFile(t, file, content("two", "[program.more]\n"+fmt.Sprintf(tick, "more")), 0o600)
	s.Signal(t, syscall.SIGHUP)
	s.Out.Await(t, "new: more; changed: a")
	harness.Until(t, "a is another process", func() bool {
		now := s.info(t, "a").Data
		return now.Status == "online" && now.Pid != before["a"]
	})
	s.awaitOnline(t, "more")
	if got := s.info(t, "same").Data.Pid; got != before["same"] {
		t.Errorf("what has not changed is %d, was %d", got, before["same"])
	}
}
