package generated

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"websocketd/internal/cli"
	"websocketd/test/harness"
)

// Every key that is no flag has a row here, and every row is a key.
func TestKeys(t *testing.T) {
	program, supervised, app := cli.OwnKeys()
	for what, got := range map[string][2][]string{
		"programKeys": {program, namesOf(programKeys)}, "supervisedKeys": {supervised, namesOf(supervisedKeys)}, "appKeys": {app, namesOf(appKeys)},
	} {
		slices.Sort(got[0])
		slices.Sort(got[1])
		if !slices.Equal(got[0], got[1]) {
			t.Errorf("%s in test/generated/keys.go are %q, and those of the program %q", what, got[1], got[0])
		}
	}
}

func namesOf(keys []key) (names []string) {
	for _, k := range keys {
		names = append(names, k.name)
	}
	return names
}

// compiled returns the schema, checked against that of schemas.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("websocketd.schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("websocketd.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate returns what the schema says of a config file.
func validate(t *testing.T, s *jsonschema.Schema, config string) error {
	t.Helper()
	data := []byte(config)
	if !strings.HasPrefix(strings.TrimSpace(config), "{") {
		var parsed map[string]any
		if err := toml.Unmarshal(data, &parsed); err != nil {
			return err
		}
		var err error
		if data, err = json.Marshal(parsed); err != nil {
			t.Fatal(err)
		}
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

// fences are the blocks of a page that may be config files, but for those that show faults.
var fences = regexp.MustCompile("(?ms)^```(toml|json)\n(.*?)^```")

// Every config file of the examples, of the packages, and of the pages fits the schema.
func TestSchemaFits(t *testing.T) {
	s := compiled(t)
	seen := 0
	for _, pattern := range []string{"examples/*/websocketd.toml", "release/*.toml", "doc/*.md", "README.md"} {
		files, err := filepath.Glob(filepath.Join(harness.RootDir(), pattern))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: %q, %v", pattern, files, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			configs := []string{string(text)}
			if filepath.Ext(file) == ".md" {
				configs = onPage(string(text))
			}
			for _, config := range configs {
				seen++
				if err := validate(t, s, config); err != nil {
					t.Errorf("%s: %v, in\n%s", file, err, config)
				}
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d config files", seen)
	}
}

// onPage returns the config files that a page shows.
func onPage(page string) (configs []string) {
	for _, block := range fences.FindAllStringSubmatch(page, -1) {
		isConfig := block[1] == "toml" || strings.Contains(block[2], `"apps"`) || strings.Contains(block[2], `"program"`)
		if isConfig && !strings.HasPrefix(block[2], "# faulty") {
			configs = append(configs, block[2])
		}
	}
	return configs
}

const catKey = "[program.a]\ncommand = [\"cat\"]\n"

// Config files, and whether they are right. The program and the schema are of one mind.
var configs = []struct {
	text  string
	right bool
}{
	{catKey, true},
	{"\"$schema\" = \"websocketd.schema.json\"\n" + catKey, true},
	{`{"$schema": "x.json", "port": 0, "program": {"a": {"command": ["cat"]}}}`, true},
	{"\"$schema\" = 1\n" + catKey, false},
	{"port = 80\nmaxline = \"64K\"\nhistory = 65536\nshared = true\nlinger = \"1m30s\"\norigin = \"a, b\"\nprotocol = [\"x\"]\n" + catKey, true},
	{"pow = \"/calls/\"\n" + catKey + "params = { least = 1, most = 2, patterns = [\"[a-z]+\"] }\nresult = \"lastline-json\"\n", true},
	{catKey + "lifetime = \"session\"\nresume = \"never\"\nattach = \"takeover\"\n", true},
	{catKey + "lifetime = \"supervised\"\ninstances = 2\nport = \"auto:5000-5100\"\nhealth = { http = \"http://localhost:${PORT}/\", interval = 5 }\n", true},
	{catKey + "lifetime = \"supervised\"\nready = { line = \"up\", timeout = \"5s\" }\nevery = \"5m\"\nmax_memory_restart = \"100M\"\nkill_timeout = 1600\n", true},
	{catKey + "lifetime = \"supervised\"\n[program.b]\ncommand = [\"cat\"]\nlifetime = \"supervised\"\nafter = [\"a:started\"]\nmax_restarts = -1\n", true},
	{`{"apps": [{"name": "a", "script": "cat", "args": ["-u", 1], "env": {"N": 3}, "exec_mode": "cluster", "health_check": {"check_type": "HTTP", "url": "http://localhost/", "enabled": false}}]}`, true},
	{catKey + "rlimit = [\"nofile=64\"]\nnice = 5\numask = \"027\"\n", true},

	{"prot = 80\n" + catKey, false},
	{"port = \"80\"\n" + catKey, false},
	{"port = 65536\n" + catKey, false},
	{"port = 8.5\n" + catKey, false},
	{"ssl = \"true\"\n" + catKey, false},
	{"loglevel = \"loud\"\n" + catKey, false},
	{"framing = \"lines\"\n" + catKey, false},
	{"maxline = \"64 K\"\n" + catKey, false},
	{"maxline = true\n" + catKey, false},
	{"linger = 5\n" + catKey, false},
	{"linger = \"5\"\n" + catKey, false},
	{"linger = \"5d\"\n" + catKey, false},
	{"protocol = [1]\n" + catKey, false},
	{"config = \"x.toml\"\n" + catKey, false},
	{"powlines = 10\npow = true\n" + catKey, false},
	{"nice = 20\n" + catKey, false},
	{"program = 1\n", false},
	{"[program.a]\npath = \"/a\"\n", false},
	{"[program.a]\ncommand = \"cat\"\n", false},
	{"[program.a]\ncommand = []\n", false},
	{"[program.a]\ncommand = [\"\"]\n", false},
	{"[program.a]\ncommand = [\"cat\", 1]\n", false},
	{catKey + "comand = [\"cat\"]\n", false},
	{catKey + "path = \"a\"\n", false},
	{catKey + "path = \"/a/\"\n", false},
	{catKey + "path = \"/a?b\"\n", false},
	{catKey + "lifetime = \"forever\"\n", false},
	{catKey + "env = { N = 1 }\n", false},
	{catKey + "shared = true\n", false},
	{catKey + "instances = 2\n", false},
	{catKey + "lifetime = \"shared\"\nautorestart = true\n", false},
	{catKey + "lifetime = \"supervised\"\ninstances = 0\n", false},
	{catKey + "lifetime = \"supervised\"\nmax_restarts = 0\n", false},
	{catKey + "lifetime = \"supervised\"\nport = \"http\"\n", false},
	{catKey + "lifetime = \"supervised\"\nhealth = {}\n", false},
	{catKey + "lifetime = \"supervised\"\nhealth = { http = \"localhost\" }\n", false},
	{catKey + "lifetime = \"supervised\"\nhealth = { http = \"http://a/\", every = \"5s\" }\n", false},
	{catKey + "lifetime = \"supervised\"\nready = { line = \"a\", http = \"http://a/\" }\n", false},
	{catKey + "lifetime = \"supervised\"\nready = { notify = true, timeout = 5 }\n", false},
	{catKey + "lifetime = \"supervised\"\nkill_timeout = \"1600\"\n", false},
	{catKey + "lifetime = \"supervised\"\nlog_keep = 1001\n", false},
	{"pow = true\n" + catKey + "result = \"all\"\n", false},
	{"pow = true\n" + catKey + "params = { least = -1 }\n", false},
	{"[[apps]]\nname = \"a\"\n", false},
	{"[[apps]]\nscript = \"cat\"\n", false},
	{"[[apps]]\nname = \"a\"\nscript = \"cat\"\ncommand = [\"cat\"]\n", false},
	{"[[apps]]\nname = \"a\"\nscript = \"cat\"\nexec_mode = \"threads\"\n", false},
	{"[[apps]]\nname = \"a\"\nscript = \"cat\"\nresume = \"5m\"\n", false},
	{"[apps]\nname = \"a\"\n", false},
}

// What the schema says of a file the program says, too.
func TestSchemaAndProgram(t *testing.T) {
	s := compiled(t)
	for _, c := range configs {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			fits := validate(t, s, c.text)
			file := filepath.Join(t.TempDir(), "websocketd.toml")
			put(t, file, c.text)
			cmd := exec.CommandContext(harness.Context(t), harness.Binary(t), "--config="+file, "--checkconfig")
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0"}
			out, err := cmd.CombinedOutput()
			if (fits == nil) != c.right || (err == nil) != c.right {
				t.Errorf("right is %v, the schema says %v, the program %v %s, of\n%s", c.right, fits, err, out, c.text)
			}
		})
	}
}
