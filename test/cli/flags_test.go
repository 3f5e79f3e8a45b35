package cli

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"websocketd/internal/cli"
	"websocketd/test/harness"
)

// flagRow is what is known of one flag besides what the program itself says.
type flagRow struct {
	kind cli.Kind
	def  string   // its default, as the program tells it
	good []string // values that are understood
	bad  []string // values that are not: status 2

	// Three observations of a running server: without the flag, with its
	// variable set to env, and with that variable and the flag set to flag.
	env, flag string
	seen      func(t *testing.T, o harness.Options) string
	want      [3]string
}

var (
	boolGood    = []string{"true", "false", "1", "0", "t", "f", "T", "F", "TRUE", "FALSE", "True", "False"}
	boolBad     = []string{"maybe", "yes", "2", "tRUE"}
	intGood     = []string{"0", "8080", "0x50", "0b11", "0o17", "017", "1_000"}
	intBad      = []string{"", "abc", "-1", "1.5", "8080 ", "9999999999999999999999", "0x", "1__0", "1k"}
	portBad     = append([]string{"65536"}, intBad...)
	headerBad   = []string{"X-A", "X A: b", ": b"}
	uintGood    = []string{"0", "8080", "0x50", "1_000"}
	uintBad     = []string{"", "abc", "-1", "1s"}
	sizeGood    = []string{"4", "1000", "64K", "64KB", "64KiB", "1MiB", "1m", "1G", "16mib"}
	historyGood = []string{"4096", "4K", "64KiB", "1MiB", "2G"}
	sizeBad     = []string{"", "abc", "-1", "1.5M", "3", "0", "1T", "64 K", "0x50", "9999999999G"}
	timeGood    = []string{"0", "0s", "5s", "250ms", "1m30s", "1.5h", "+5s", "9us"}
	timeBad     = []string{"", "abc", "5", "1.5", "-5s", "5 s", "5d", "1m30", "99999999h"}
	rateGood    = []string{"0", "10", "10/s", "1/m", "600/h", "0/h"}
	rateBad     = []string{"", "abc", "-1", "1.5", "1/d", "1/", "/s", "1 /s", "10/S", "2000000000", "99999999999999999999"}
	anyText     = []string{"", "x", "two words", "-x", "--port=1", "a=b", "ä", "\xff"}
)

// Every flag of the program has a row, and every row a flag.
func TestEveryFlagHasARow(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, f := range cli.Flags() {
		known[f.Name] = true
		row, ok := flagRows[f.Name]
		if !ok {
			t.Errorf("--%s has no row in the table of flags: add one", f.Name)
			continue
		}
		if f.Kind != row.kind || f.Default != row.def {
			t.Errorf("--%s is a %s with the default %q, the row says %s, %q", f.Name, f.Kind, f.Default, row.kind, row.def)
		}
		if want := variable(f.Name); f.Env != want {
			t.Errorf("--%s has the variable %q, expected %q", f.Name, f.Env, want)
		}
		if strings.TrimSpace(f.Help) == "" || f.Group == "" {
			t.Errorf("--%s has no help or no group", f.Name)
		}
	}
	for name := range flagRows {
		if !known[name] {
			t.Errorf("the table has a row for --%s, which the program does not have", name)
		}
	}
}

// variable is the environment variable of a flag.
func variable(name string) string {
	switch name {
	case "help", "version", "license", "checkconfig", "showconfig", "name":
		return ""
	}
	return "WEBSOCKETD_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// Every flag is in --help, with its variable and its default.
func TestHelpHasEveryFlag(t *testing.T) {
	t.Parallel()
	help, _, _ := run(t, nil, "--help")
	for _, f := range cli.Flags() {
		i := regexp.MustCompile(`(?m)^  --` + f.Name + `(\[=|[= ,])`).FindStringIndex(help)
		if i == nil {
			t.Errorf("--help does not show --%s", f.Name)
			continue
		}
		about, _, _ := strings.Cut(help[i[0]+2:], "\n  --")
		for _, part := range []string{f.Env, f.Default} {
			if !strings.Contains(about, part) {
				t.Errorf("--help tells nothing of %q at --%s", part, f.Name)
			}
		}
	}
}

// Value forms: what is understood, what is not, with which status, on which
// stream, in which words, by flag and by variable.
func TestFlagValues(t *testing.T) {
	t.Parallel()
	for name, row := range flagRows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, value := range row.good {
				checkGood(t, name, row, value, i == 0)
			}
			for _, value := range row.bad {
				checkBad(t, name, row, value)
			}
		})
	}
}

// checkGood: the flag is parsed when what stands after it is reached. In every way to
// spell it, or in one.
func checkGood(t *testing.T, name string, row flagRow, value string, everyWay bool) {
	t.Helper()
	spellings := [][]string{{"--" + name + "=" + value}}
	if everyWay {
		spellings = append(spellings, []string{"-" + name + "=" + value})
	}
	if everyWay && row.kind != cli.KindBool && row.kind != cli.KindSwitch {
		spellings = append(spellings, []string{"--" + name, value}, []string{"-" + name, value})
	}
	for _, args := range spellings {
		out, errOut, status := run(t, nil, append(args, "--version")...)
		if status != 0 || errOut != "" || !strings.HasPrefix(out, "websocketd") {
			t.Errorf("%q: status %d, stderr %q", args, status, errOut)
		}
	}
	if env := variable(name); env != "" && !strings.ContainsRune(value, 0) {
		if out, errOut, status := run(t, []string{env + "=" + value}, "--version"); status != 0 || errOut != "" || out == "" {
			t.Errorf("%s=%q: status %d, stderr %q", env, value, status, errOut)
		}
	}
}

func checkBad(t *testing.T, name string, row flagRow, value string) {
	t.Helper()
	out, errOut, status := run(t, nil, "--"+name+"="+value, "--version")
	want := fmt.Sprintf("invalid value %q for flag --%s: ", value, name)
	if row.kind == cli.KindBool {
		want = fmt.Sprintf("invalid boolean value %q for --%s: ", value, name)
	}
	if status != 2 || out != "" || !strings.HasPrefix(errOut, want) || !strings.HasSuffix(errOut, "\nwebsocketd --help shows every option.\n") {
		t.Errorf("--%s=%s: status %d, stdout %q, stderr %.200q, expected %q and where help is", name, value, status, out, errOut, want)
	}
	if env := variable(name); env != "" && value != "" {
		_, errOut, status := run(t, []string{env + "=" + value}, "cat")
		if status != 2 || !strings.Contains(errOut, env) || !strings.Contains(errOut, fmt.Sprintf("%q", value)) {
			t.Errorf("%s=%s: status %d, stderr %.200q", env, value, status, errOut)
		}
	}
}

// run runs our binary with nothing but env in its environment.
func run(t *testing.T, env []string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	return output(t, func(*exec.Cmd) {}, env, args...)
}

// output is run of a command that was prepared somehow.
func output(t *testing.T, prepare func(*exec.Cmd), env []string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errOut strings.Builder
	cmd := exec.Command(harness.PlainBinary(t), args...)
	cmd.Env = append([]string{"PATH=/usr/bin:/bin"}, env...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	prepare(cmd)
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// Default, file, variable, flag: each wins over the one before, which is seen in
// what the server does.
func TestFlagOverEnvironmentOverFileOverDefault(t *testing.T) {
	t.Parallel()
	for name, row := range flagRows {
		if row.seen == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bin := harness.PlainBinary(t)
			env := []string{variable(name) + "=" + row.env}
			flag := "--" + name + "=" + row.flag
			layers := []layer{
				{"default", harness.Options{Bin: bin}, row.want[0]},
				{"variable", harness.Options{Bin: bin, Env: env}, row.want[1]},
				{"flag over variable", harness.Options{Bin: bin, Env: env, Args: []string{flag}}, row.want[2]},
			}
			if name != "config" { // a file cannot name another
				likeEnv, likeFlag := row.inFile(t, name, row.env), row.inFile(t, name, row.flag)
				layers = []layer{
					layers[0],
					{"file", harness.Options{Bin: bin, Args: []string{likeEnv}}, row.want[1]},
					{"variable over file", harness.Options{Bin: bin, Env: env, Args: []string{likeFlag}}, row.want[1]},
					{"flag over variable over file", harness.Options{Bin: bin, Env: env, Args: []string{likeEnv, flag}}, row.want[2]},
				}
			}
			for _, l := range layers {
				if l.want == "" {
					continue // not to be seen here; the row says why
				}
				t.Run(l.name, func(t *testing.T) { // whose server has ended before the next begins
					if got := row.seen(t, l.o); got != l.want {
						t.Errorf("saw %q, expected %q", got, l.want)
					}
				})
			}
		})
	}
}

// layer is one way to set a flag.
type layer struct {
	name string
	o    harness.Options
	want string
}

// inFile is the flag that names a new file in which the row's flag has a value.
func (row flagRow) inFile(t *testing.T, name, value string) string {
	t.Helper()
	text := strconv.Quote(value)
	switch row.kind {
	case cli.KindBool, cli.KindInt, cli.KindUint:
		text = value
	case cli.KindSwitch:
		if value == "true" || value == "false" {
			text = value
		}
	case cli.KindList:
		var elements []string
		for line := range strings.Lines(value) {
			elements = append(elements, strconv.Quote(strings.TrimSuffix(line, "\n")))
		}
		text = "[" + strings.Join(elements, ", ") + "]"
	}
	file := filepath.Join(t.TempDir(), "websocketd.toml")
	harness.WriteFile(t, file, name+" = "+text+"\n", 0o644)
	return "--config=" + file
}

// isSet tells whether the options of a row set anything at all.
func isSet(o harness.Options) bool { return len(o.Env) > 0 || len(o.Args) > 0 }
