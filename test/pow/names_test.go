package pow

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// A name reaches the programs of the configuration file and the executables below --dir, and
// nothing else.
func TestNames(t *testing.T) {
	t.Parallel()
	dir := harness.Scripts(t, map[string]string{
		"top.sh":            `printf top "$@"`,
		"sub/count.sh":      `seq "$@"`,
		"sub/deep/a b€.sh":  `printf deep`,
		"cat":               `printf "of the directory"`,
		".hidden.sh":        `printf hidden`,
		".git/hooks/pre.sh": `printf hidden`,
	})
	harness.WriteFile(t, filepath.Join(dir, "sub", "data.txt"), "data", 0o644)
	outside := harness.Scripts(t, map[string]string{"outside.sh": `printf outside`})
	if err := os.Symlink(filepath.Join(outside, "outside.sh"), filepath.Join(dir, "link.sh")); err != nil {
		t.Fatal(err)
	}
	s := serve(t, cat+`
[program.named]
command = ["printf", "slash"]
path = "/elsewhere"
`, "--dir="+dir)
	begin(t, s, "top.sh", "x").wants(t, "topx"[:3], null)
	begin(t, s, "sub/count.sh", "3").wants(t, "1\n2\n3\n", null)
	begin(t, s, "sub/deep/a b€.sh").wants(t, "deep", null)
	c := begin(t, s, "cat") // the configuration file comes first
	c.input(t, "x")
	c.control(t, signalClose)
	c.wants(t, "x", null)
	for _, name := range []string{
		"", "/", ".", "..", "Cat", "cat ", " cat", "cat\x00", "cat/", "/cat", "./cat", "sub/../cat", "sub//count.sh", "/sub/count.sh", "sub/count.sh/", "sub/count.sh/more",
		"sub", "sub/", "sub/data.txt", `sub\count.sh`, "sub%2fcount.sh", "SUB/count.sh", "top", "top.sh?x", "top.sh x", ".hidden.sh", ".git/hooks/pre.sh", "link.sh",
		"/bin/sh", "sh", "../outside.sh", "../" + filepath.Base(outside) + "/outside.sh", filepath.Join(outside, "outside.sh"), "elsewhere", "/elsewhere",
		strings.Repeat("x", 100_000), strings.Repeat("../", 1000) + "bin/sh",
	} {
		t.Logf("%.80q", name)
		begin(t, s, name).wants(t, "", unknown)
	}
}

// A program sees what it sees elsewhere, and that its client's URL is that of the handshake.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	s := serve(t, "[program.env]\ncommand = [\"env\"]\npath = \"/env\"\n")
	c := call{s.Open(t, offering("/pow/a?b=c").Add("X-More", "yes"))}
	c.control(t, message("env"))
	output, _ := c.ends(t)
	for _, want := range []string{"HTTP_X_MORE=yes", "QUERY_STRING=b=c", "REMOTE_ADDR=127.0.0.1", "SCRIPT_NAME=/env"} {
		if !strings.Contains("\n"+output, "\n"+want+"\n") {
			t.Errorf("no %s in\n%s", want, output)
		}
	}
}

// Standard error goes where the program's setting says.
func TestStderr(t *testing.T) {
	t.Parallel()
	const script = `echo out; echo err >&2; exit 1`
	s := serve(t, shell("log", script)+shell("merge", script)+"stderr = \"merge\"\n"+shell("tag", script)+"stderr = \"tag\"\n"+
		shell("discard", `echo out; echo nobody hears >&2`)+"stderr = \"discard\"\n")
	begin(t, s, "log").wants(t, "out\n", failed("exit status 1"))
	begin(t, s, "merge").wants(t, "out\nerr\n", failed("exit status 1"))
	begin(t, s, "discard").wants(t, "out\n", null)
	output, _ := begin(t, s, "tag").ends(t)
	for _, want := range []string{`{"stream":"stdout","data":"out"}` + "\n", `{"stream":"stderr","data":"err"}` + "\n"} {
		if !strings.Contains(output, want) {
			t.Errorf("the output %q lacks %q", output, want)
		}
	}
	s.Out.Await(t, "stderr", "err")
	if len(s.Out.With("| stderr", "nobody hears")) > 0 {
		t.Error("what is to be discarded is logged")
	}
}

// A program that cannot be started rejects the call, and says no path.
func TestLaunchFails(t *testing.T) {
	t.Parallel()
	dir := harness.Scripts(t, map[string]string{"bad.sh": "#!/no/such/interpreter\n", "good.sh": "printf good"})
	s := serve(t, cat, "--dir="+dir)
	_, result := begin(t, s, "bad.sh").ends(t)
	if why := reason(t, result); !strings.HasPrefix(why, "failed to create new process: ") || strings.Contains(why, dir) {
		t.Errorf("%s", result)
	}
	begin(t, s, "good.sh").wants(t, "good", null)
}

// A program says which parameters it takes, and whether its last line is its value.
func TestParamsAndValue(t *testing.T) {
	t.Parallel()
	s := serve(t, shell("build", `echo building "$@"; printf '\n {"ok": true, "of": "%s"} \n\n' "$1"`)+"params = ['[a-z]+', '-v|-q']\nresult = \"lastline-json\"\n"+
		shell("none", `echo 1`)+"params = []\nresult = \"none\"\n"+
		shell("some", `echo "$#"`)+"params = { least = 1, most = 3, patterns = ['x', '[0-9]+'] }\nresult = \"lastline-json\"\n"+
		shell("silent", `exit $1`)+"result = \"lastline-json\"\n"+
		shell("speaks", `echo 1; echo not JSON`)+"result = \"lastline-json\"\n")
	begin(t, s, "build", "all", "-v").wants(t, "building all -v\n\n {\"ok\": true, \"of\": \"all\"} \n\n", `{"status":"fulfilled","value":{"ok":true,"of":"all"}}`)
	begin(t, s, "none").wants(t, "1\n", null)
	begin(t, s, "some", "x", "1", "2").wants(t, "3\n", `{"status":"fulfilled","value":3}`)
	begin(t, s, "silent", "0").wants(t, "", null)
	begin(t, s, "silent", "2").wants(t, "", failed("exit status 2"))
	begin(t, s, "speaks").wants(t, "1\nnot JSON\n", `{"status":"fulfilled"}`)
	for name, all := range map[string][][]string{
		"build": {nil, {"all"}, {"all", "-x"}, {"all", "-v", "-v"}, {"ALL", "-v"}, {"all\n", "-v"}, {"-v", "-v"}},
		"none":  {{""}, {"x"}},
		"some":  {nil, {"y"}, {"x", "1", "2", "3"}, {"x", "1", "b"}, {"x", "-1"}},
	} {
		for _, params := range all {
			output, result := begin(t, s, name, params...).ends(t)
			if output != "" || !strings.HasPrefix(reason(t, result), "failed to get process: invalid args: ") {
				t.Errorf("%s %q: %q %s", name, params, output, result)
			}
		}
	}
}

// Beyond --maxforks a call is rejected, and so it is too soon for --spawnrate. The connection
// for it is not.
func TestTooManyProcesses(t *testing.T) {
	t.Parallel()
	s := serve(t, deaf+exits, "--maxforks=2")
	a, b := begin(t, s, "sleeps"), begin(t, s, "sleeps")
	a.says(t, "up\n")
	b.says(t, "up\n")
	begin(t, s, "sleeps").wants(t, "", tooMany)
	begin(t, s, "nothing").wants(t, "", unknown)
	a.control(t, signalCancel)
	a.wants(t, "", failed(canceled+" (signal: SIGINT)"))
	harness.Until(t, "its place is free", func() bool {
		_, result := begin(t, s, "exits", "0", "").ends(t)
		return result == null
	})
	rated := serve(t, exits, "--spawnrate=1/h")
	begin(t, rated, "exits", "0", "x").wants(t, "x", null)
	begin(t, rated, "exits", "0", "x").wants(t, "", tooMany)
}
