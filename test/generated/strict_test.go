package generated

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"websocketd/internal/cli"
	"websocketd/test/harness"
)

// kinds are values of every kind, some of them right for many keys.
var kinds = []string{
	"true", "5", "-1", "0", "70000", "1.5", `""`, `"text"`, `"5"`, `"5s"`, `"64K"`, `"/a/b"`, `"never"`, `"none"`, `"always"`, `"2.5h3m"`, `"64 K"`, `"-5s"`,
	"[]", `["a"]`, "[1]", `["a", true]`, "{}", `{ a = "b" }`, `{ http = "http://a/" }`, "2026-11-28",
}

// place is where keys stand: what is before them, and which they are.
type place struct {
	name, before string
	keys         []string
}

func everyPlace() []place {
	global := place{name: "global"}
	connection := place{"program", "[program.a]\ncommand = [\"cat\"]\n", namesOf(programKeys[1:])}
	supervised := place{"supervised", "[program.a]\ncommand = [\"cat\"]\nlifetime = \"supervised\"\n", namesOf(supervisedKeys)}
	app := place{"app", "[[apps]]\nname = \"a\"\nscript = \"cat\"\n", append(namesOf(appKeys[2:]), namesOf(supervisedKeys)...)}
	for _, f := range cli.Flags() {
		if f.InFile {
			global.keys = append(global.keys, f.Name)
		}
		if f.OfProgram {
			connection.keys = append(connection.keys, f.Name)
		}
		if f.OfApp {
			app.keys = append(app.keys, f.Name)
		}
	}
	return []place{global, connection, supervised, app}
}

// What the schema refuses the program refuses, too: an editor marks nothing that is right. All keys
// have values of all kinds, of which the program names those that are wrong by their lines.
func TestSchemaIsNoStricter(t *testing.T) {
	s := compiled(t)
	for _, p := range everyPlace() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			refused := 0
			for _, value := range kinds {
				wrong := p.refusedByProgram(t, value)
				for i, key := range p.keys {
					if err := p.validate(t, s, key, value); err != nil {
						refused++
						if !wrong[i] {
							t.Errorf("%s%s = %s: the program takes it, and the schema says %v", p.before, key, value, err)
						}
					}
				}
			}
			if refused < len(p.keys) {
				t.Errorf("of %d keys only %d values are refused", len(p.keys), refused)
			}
		})
	}
}

// validate returns what the schema says of one key.
func (p *place) validate(t *testing.T, s *jsonschema.Schema, key, value string) error {
	t.Helper()
	return validate(t, s, p.before+key+" = "+value+"\n")
}

var faultLine = regexp.MustCompile(`(?m)^all\.toml:([0-9]+): `)

// refusedByProgram returns which of the keys, by their numbers, may not have a value.
func (p *place) refusedByProgram(t *testing.T, value string) map[int]bool {
	t.Helper()
	var b strings.Builder
	b.WriteString(p.before)
	for _, key := range p.keys {
		fmt.Fprintf(&b, "%s = %s\n", key, value)
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "all.toml"), b.String())
	cmd := exec.CommandContext(harness.Context(t), harness.Binary(t), "--config=all.toml", "--checkconfig")
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0"}
	out, err := cmd.CombinedOutput()
	wrong := map[int]bool{}
	for _, m := range faultLine.FindAllStringSubmatch(string(out), -1) {
		line, _ := strconv.Atoi(m[1])
		wrong[line-1-strings.Count(p.before, "\n")] = true
	}
	if err == nil || len(wrong) == 0 {
		t.Errorf("%s = %s everywhere: %v, %s", p.name, value, err, out)
	}
	return wrong
}
