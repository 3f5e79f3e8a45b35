package cli

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	for _, arg := range []string{"--help", "-help", "-h", "--h", "-?", "help"} {
		status, stdout, stderr := invoke(nil, arg, "--nosuch")
		if status != ExitOK || stderr != "" {
			t.Fatalf("%s: exit status %d, stderr %q", arg, status, stderr)
		}
		for _, f := range Flags() {
			for _, part := range []string{"  --" + f.Name, f.Env, f.Placeholder, f.Group + ":\n"} {
				if !strings.Contains(stdout, part) {
					t.Errorf("%s does not mention %q", arg, part)
				}
			}
			if f.Default != "" && !strings.Contains(strings.Join(strings.Fields(stdout), " "), "[default "+f.Default) {
				t.Errorf("%s does not tell the default of --%s", arg, f.Name)
			}
		}
		for line := range strings.Lines(stdout) {
			if len(strings.TrimSuffix(line, "\n")) > helpWidth {
				t.Errorf("line over %d bytes: %s", helpWidth, line)
			}
		}
	}
}

// TestExamplesOfHelp: every example line of --help is a command line that the parser
// accepts, with the COMMAND it shows.
func TestExamplesOfHelp(t *testing.T) {
	_, help, _ := invoke(nil, "--help")
	_, examples, _ := strings.Cut(help, "\nExamples:\n")
	count := 0
	for line := range strings.Lines(examples) {
		args, found := strings.CutPrefix(line, "    websocketd ")
		if !found {
			continue
		}
		count++
		if _, err := scan(newParser().Model.Flags, strings.Fields(args)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	if count != 3 {
		t.Errorf("%d examples", count)
	}
}

func TestUsageNamesTheProgram(t *testing.T) {
	cmd := command(t, nil, "--nosuch")
	cmd.Args[0] = "/opt/bin/another-name"
	out, err := cmd.CombinedOutput()
	exit, _ := err.(*exec.ExitError)
	if exit == nil || exit.ExitCode() != ExitFlags || !strings.Contains(string(out), "\nanother-name --help shows") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestFlags pins the names and kinds, which are a promise to users.
func TestFlags(t *testing.T) {
	want := "port:int address:list unixsocket:string socketmode:string socketgroup:string redirport:int ssl:bool sslcert:string sslkey:string sslca:string acme:names acmedir:string acmeurl:string acmeca:string acmeemail:string host:names origin:names sameorigin:bool trustproxy:names forwardedheader:string maxforks:int maxconns:int maxheader:size maxmemory:size maxperip:int spawnrate:string " +
		"authfile:string tokenfile:string groupfile:string authheader:string authcmd:list auth:names allow:names " +
		"jwtkey:string jwtaudience:string jwtissuer:string jwtalg:names jwtuser:string oauthserver:string " +
		"dir:string prefork:int preforkrequest:bool passenv:names unbuffer:bool reverselookup:bool once:bool exitwithchild:bool closems:uint " +
		"user:string group:string rlimit:list nice:int umask:string cgroup:bool memorymax:size pidsmax:int cpumax:string sandbox:bool sandboxread:names sandboxwrite:names " +
		"shared:bool start:choice linger:time input:choice slowclient:choice history:size keepfirst:size restart:choice isolate:choice watch:bool resume:time attach:choice maxsessions:int sessionurl:bool mcp:bool mcpstart:time config:string name:string checkconfig:bool showconfig:bool pow:switch powexpiry:time powlines:int staticdir:string cgidir:string cgipath:string devconsole:bool admin:switch admintoken:string admintokenfile:string adminpprof:bool adminexec:bool preset:choice framing:choice newlines:choice binary:bool stderr:choice passstderr:bool " +
		"maxline:size maxframesize:int messagerate:string pingms:uint gzip:bool protocol:names header:list header-ws:list header-http:list " +
		"shutdown:time exitidle:time loglevel:string logformat:choice logfile:string help:bool version:switch license:bool"
	var got []string
	for _, f := range Flags() {
		got = append(got, f.Name+":"+string(f.Kind))
		if f.Help == "" || f.Group == "" || (f.Placeholder == "") != (f.Kind == KindBool) {
			t.Errorf("--%s is not described well: %+v", f.Name, f)
		}
	}
	if !slices.Equal(got, strings.Fields(want)) {
		t.Errorf("flags\n%s, want\n%s", strings.Join(got, " "), want)
	}
}
