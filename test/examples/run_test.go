package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// run is one file of a folder, to be run.
type run struct {
	folder
	file string
	env  []string // more variables of the server
}

// README's first indented line: how to compile, if that is needed, and the
// arguments of websocketd.
var commandLine = regexp.MustCompile(`(?m)^    ((?:(.+) && )?websocketd --port=8080 (.+)|.+)$`)

// command is the README's, for this file instead of the folder's first one.
func (r run) command(t *testing.T) (compile string, args []string) {
	t.Helper()
	line := commandLine.FindStringSubmatch(r.readme(t))
	if line == nil || line[3] == "" {
		t.Fatalf("examples/%s/README.md has no command of websocketd", r.name)
	}
	swap := strings.NewReplacer(stem(r.examples[0].file), stem(r.file))
	if r.file == r.examples[0].file {
		swap = strings.NewReplacer()
	}
	return swap.Replace(line[2]), strings.Fields(swap.Replace(line[3]))
}

func (f folder) readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(tree(), f.name, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func stem(file string) string { return strings.TrimSuffix(file, filepath.Ext(file)) }

// start compiles the example, in a copy of the tree, and serves it with more flags.
func (r run) start(t *testing.T, flags ...string) *harness.Server {
	t.Helper()
	compile, args := r.command(t)
	dir := filepath.Join(copied(t), r.name)
	if compile != "" {
		shell(t, dir, compile)
	}
	o := harness.Options{Bin: harness.PlainBinary(t), Args: flags, Dir: dir, Env: append([]string{"HOME=" + t.TempDir()}, r.env...)}
	for _, arg := range args {
		// The harness passes variables too, and the flag is there once.
		if names, ok := strings.CutPrefix(arg, "--passenv="); ok {
			o.PassEnv = slices.DeleteFunc(strings.Split(names, ","), func(name string) bool { return name == "PATH" })
			continue
		}
		o.Args = append(o.Args, arg)
	}
	return o.Start(t)
}

// compilers keeps the number of compilers at work small: the others wait
// anyhow, and programs that are being tested want to run, too.
var compilers = make(chan struct{}, 2)

func shell(t *testing.T, dir, command string) {
	t.Helper()
	compilers <- struct{}{}
	defer func() { <-compilers }()
	cmd := exec.CommandContext(harness.Context(t), "sh", "-c", command)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// tree is the folder examples.
func tree() string { return filepath.Join(harness.RootDir(), "examples") }

type treeCopy struct {
	dir string
	err error
}

var makeCopy = sync.OnceValue(func() treeCopy {
	dir, err := os.MkdirTemp("", "websocketd-examples-")
	if err == nil {
		harness.AtExit(func() { os.RemoveAll(dir) })
		err = os.CopyFS(dir, os.DirFS(tree()))
	}
	return treeCopy{dir, err}
})

// copied is a copy of the tree, in which programs are compiled and write.
func copied(t *testing.T) string {
	t.Helper()
	c := makeCopy()
	if c.err != nil {
		t.Fatal(c.err)
	}
	return c.dir
}
