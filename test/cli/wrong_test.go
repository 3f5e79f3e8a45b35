package cli

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// helpLine is the second of the two lines that most wrong usages are answered with.
const helpLine = "websocketd --help shows every option."

// wrong is a wrong usage and what becomes of it.
type wrong struct {
	args   []string
	env    string // NAME=VALUE
	status int
	stream string // out or err
	says   string // the first line of it; HERE is the directory, a final .. stands for more
	more   bool   // helpLine follows on standard error, and nothing else is there
}

// wrongUsages is what people type who do not know the flags by heart.
var wrongUsages = []wrong{
	{args: nil, status: 1, stream: "out", says: "Command line arguments are missing."},
	{args: []string{"--prot=8080", "cat"}, status: 2, stream: "err", says: "flag provided but not defined: --prot; did you mean --port?", more: true},
	{args: []string{"-prot", "8080", "cat"}, status: 2, stream: "err", says: "flag provided but not defined: --prot; did you mean --port?", more: true},
	{args: []string{"--max-forks=3", "cat"}, status: 2, stream: "err", says: "flag provided but not defined: --max-forks; did you mean --maxforks?", more: true},
	{args: []string{"--verbose", "cat"}, status: 2, stream: "err", says: "flag provided but not defined: --verbose; did you mean --loglevel=debug?", more: true},
	{args: []string{"-p", "8080", "cat"}, status: 2, stream: "err", says: "flag provided but not defined: -p; did you mean --port?", more: true},
	{args: []string{"--qqqqqqqq", "cat"}, status: 2, stream: "err", says: "flag provided but not defined: --qqqqqqqq", more: true},
	{args: []string{"--port"}, status: 2, stream: "err", says: "flag needs an argument: --port=PORT", more: true},
	{args: []string{"--port=8080"}, status: 1, stream: "err",
		says: "Please specify COMMAND or provide --dir, --staticdir or --cgidir argument."},
	{args: []string{"--loglevel=verbose", "cat"}, status: 1, stream: "out",
		says: "Incorrect loglevel flag 'verbose'. Use --help to see allowed values."},

	{args: []string{"--authcmd=", "cat"}, status: 2, stream: "err", says: "--authcmd is empty; leave it out to let everyone in"},
	{args: []string{"--tokenfile=", "cat"}, status: 2, stream: "err", says: `invalid value "" for flag --tokenfile: is empty; leave it out to let everyone in`, more: true},

	{args: []string{"nosuchprog"}, status: 1, stream: "err", says: "unable to locate specified COMMAND 'nosuchprog' in OS path", more: true},
	{args: []string{"ok.sh"}, status: 1, stream: "err", says: "unable to locate specified COMMAND 'ok.sh' in OS path; there is a file of that name here: write ./ok.sh", more: true},
	{args: []string{"./nosuch.sh"}, status: 1, stream: "err", says: "./nosuch.sh: there is no such file in HERE, where websocketd was started", more: true},
	{args: []string{"/nosuch/prog"}, status: 1, stream: "err", says: "/nosuch/prog: there is no such file", more: true},
	{args: []string{"./nox.sh"}, status: 1, stream: "err", says: "./nox.sh may not be executed; chmod +x makes it so", more: true},
	{args: []string{"./dir"}, status: 1, stream: "err", says: "./dir is a directory; --staticdir=./dir serves its files, --dir=./dir runs its executable files", more: true},
	{args: []string{"."}, status: 1, stream: "err", says: ". is a directory; --staticdir=. serves its files, --dir=. runs its executable files", more: true},
	{args: []string{"scripts"}, status: 1, stream: "err", says: "unable to locate specified COMMAND 'scripts' in OS path; there is a directory of that name here: " +
		"--staticdir=scripts serves its files, --dir=scripts runs its executable files", more: true},
	{args: []string{"./ok.sh/x"}, status: 1, stream: "err", says: "./ok.sh/x: not a directory", more: true},
	{args: []string{""}, status: 1, stream: "err", says: "COMMAND is empty: the name of a program is missing", more: true},
	{args: []string{"./ok.sh arg"}, status: 1, stream: "err",
		says: `"./ok.sh arg" is one argument with a space in it, and there is no such program; without the quotes ./ok.sh gets arguments`, more: true},
	{args: []string{"echo hello"}, status: 1, stream: "err",
		says: `"echo hello" is one argument with a space in it, and there is no such program; without the quotes echo gets arguments`, more: true},

	{args: []string{"--dir=nosuch"}, status: 1, stream: "err", says: "could not find your script dir 'nosuch': there is no such directory in HERE, where websocketd was started", more: true},
	{args: []string{"--dir=./ok.sh"}, status: 1, stream: "err", says: "did you mean to specify COMMAND instead of --dir './ok.sh'?", more: true},
	{args: []string{"--staticdir=ok.sh"}, status: 1, stream: "err", says: "your static dir 'ok.sh' is not pointing to an accessible directory: is not a directory", more: true},
	{args: []string{"--cgidir=nosuch"}, status: 1, stream: "err",
		says: "your CGI dir 'nosuch' is not pointing to an accessible directory: there is no such directory in HERE, where websocketd was started", more: true},
	{args: []string{"--dir=dir", "./ok.sh"}, status: 1, stream: "err", says: "ambiguous: provided COMMAND and --dir argument, please only specify one", more: true},

	{args: []string{"--ssl", "./ok.sh"}, status: 1, stream: "err", says: "please specify both --sslcert and --sslkey when requesting --ssl"},
	{args: []string{"--sslcert=a.pem", "./ok.sh"}, status: 1, stream: "err", says: "you should not be using --ssl* flags when there is no --ssl option; add --ssl"},
	{args: []string{"--forwardedheader=Forwarded", "./ok.sh"}, status: 1, stream: "err", says: "please specify --trustproxy when requesting --forwardedheader: nobody else is believed"},
	{args: []string{"--authheader=X-User", "./ok.sh"}, status: 1, stream: "err", says: "please specify --trustproxy when requesting --authheader: nobody else is believed"},
	{args: []string{"--jwtkey=/dev/null", "./ok.sh"}, status: 1, stream: "err", says: "please specify --jwtaudience when requesting --jwtkey: without it a token for any other service would be taken"},
	{args: []string{"--jwtkey=ok.sh", "--jwtaudience=a", "./ok.sh"}, status: 2, stream: "err", says: "--jwtkey: ok.sh: it is neither PEM nor a JSON Web Key Set; for a shared secret say --jwtalg=HS256"},
	{args: []string{"--jwtkey=ok.sh", "--jwtaudience=a", "--jwtalg=HS256", "./ok.sh"}, status: 2, stream: "err",
		says: "--jwtkey: ok.sh: it is neither PEM nor a JSON Web Key Set, and no shared secret, which is one line of characters that can be printed"},
	{args: []string{"--jwtkey=none", "--jwtaudience=a", "./ok.sh"}, status: 2, stream: "err", says: "--jwtkey: none cannot be read: no such file or directory"},
	{args: []string{"--jwtaudience=a", "./ok.sh"}, status: 1, stream: "err", says: "please specify --jwtkey when requesting --jwtaudience"},
	{args: []string{"--oauthserver=https://id.example.com", "./ok.sh"}, status: 1, stream: "err", says: "please specify --jwtkey or --authcmd when requesting --oauthserver: its tokens are to be checked"},
	{args: []string{"--oauthserver=https://id.example.com", "--jwtkey=ok.sh", "--address=0.0.0.0", "./ok.sh"}, status: 1, stream: "err",
		says: "please specify --host=NAME or --jwtaudience when requesting --oauthserver: the audience of a token is the URL of the program, and no name of this server is known"},
	{args: []string{"--jwtuser=email", "./ok.sh"}, status: 1, stream: "err", says: "please specify --jwtkey when requesting --jwtuser"},
	{args: []string{"--auth=certificate", "./ok.sh"}, status: 2, stream: "err", says: "please specify --sslca when requesting --auth=certificate"},
	{args: []string{"--socketmode=0660", "./ok.sh"}, status: 1, stream: "err", says: "please specify --unixsocket when requesting --socketmode"},
	{args: []string{"--socketgroup=0", "./ok.sh"}, status: 1, stream: "err", says: "please specify --unixsocket when requesting --socketgroup"},
	{args: []string{"--shared", "--resume=5m", "./ok.sh"}, status: 1, stream: "err",
		says: "please only specify one of --shared and --resume: one process for all clients, or one for each that outlives its connection"},
	{args: []string{"--shared", "./ok.sh"}, env: "WEBSOCKETD_RESUME=5m", status: 1, stream: "err", says: "please only specify one of --shared and --resume: .."},
	{args: []string{"--resume=5m", "--staticdir=dir"}, status: 1, stream: "err", says: "please specify COMMAND or --dir when requesting --resume"},
	{args: []string{"--resume=5m", "--once", "./ok.sh"}, status: 1, stream: "err",
		says: "please only specify one of --once and --resume: a session outlives its client, and --exitwithchild ends with it"},
	{args: []string{"--resume=5m", "--prefork=1", "./ok.sh"}, status: 1, stream: "err",
		says: "please only specify one of --resume and --prefork: what is started ahead does not know its session"},
	{args: []string{"--resume=5m", "--maxframesize=0", "./ok.sh"}, status: 1, stream: "err",
		says: "please specify a limit as --maxframesize when requesting --resume: a message must be whole before it goes between those of others"},
	{args: []string{"--resume=5m", "--linger=5s", "./ok.sh"}, status: 1, stream: "err", says: "please specify --shared or --mcp when requesting --linger"},
	{args: []string{"--attach=refuse", "./ok.sh"}, status: 1, stream: "err", says: "please specify --resume when requesting --attach"},
	{args: []string{"--resume=0", "--attach=refuse", "./ok.sh"}, status: 1, stream: "err", says: "please specify --resume when requesting --attach"},
	{args: []string{"--maxsessions=3", "./ok.sh"}, status: 1, stream: "err", says: "please specify --resume or --mcp or --pow when requesting --maxsessions"},
	{args: []string{"--shared", "--maxsessions=0", "./ok.sh"}, status: 1, stream: "err", says: "please specify --resume or --mcp or --pow when requesting --maxsessions"},
	{args: []string{"./ok.sh"}, env: "WEBSOCKETD_MAXSESSIONS=3", status: 1, stream: "err", says: "please specify --resume or --mcp or --pow when requesting --maxsessions.."},
	{args: []string{"--history=64K", "./ok.sh"}, status: 1, stream: "err", says: "please specify --shared or --resume or --mcp or --pow when requesting --history"},
	{args: []string{"--sessionurl", "--staticdir=dir", "./ok.sh"}, status: 1, stream: "err", says: "please specify --resume when requesting --sessionurl"},
	{args: []string{"--resume=5m", "--sessionurl", "./ok.sh"}, status: 1, stream: "err", says: "please specify --staticdir when requesting --sessionurl: it redirects the page there"},
	{args: []string{"--resume", "./ok.sh"}, status: 2, stream: "err",
		says: `invalid value "./ok.sh" for flag --resume: not a time, which is a number with a unit, like 250ms, 5s, 1m30s, nor never`, more: true},
	{args: []string{"--max-sessions=3", "./ok.sh"}, status: 2, stream: "err", says: "flag provided but not defined: --max-sessions; did you mean --maxsessions?", more: true},
	{args: []string{"--pow", "./ok.sh"}, status: 1, stream: "err",
		says: "please specify --config or --dir when requesting --pow: clients call programs by name, and COMMAND has none; a flag like --pow takes a value only after =, as --pow=/calls/"},
	{args: []string{"--pow", "--", "./ok.sh"}, status: 1, stream: "err",
		says: "please specify --config or --dir when requesting --pow: clients call programs by name, and COMMAND has none"},
	{args: []string{"--pow"}, status: 1, stream: "err", says: "please specify --config or --dir when requesting --pow: clients call programs by name"},
	{args: []string{"--pow", "--staticdir=dir"}, status: 1, stream: "err", says: "please specify --config or --dir when requesting --pow: clients call programs by name"},
	{args: []string{"--pow", "--once", "--dir=dir"}, status: 1, stream: "err", says: "please only specify one of --once and --pow: a client may call any number of programs"},
	{args: []string{"--pow", "/calls/", "--dir=dir"}, status: 1, stream: "err",
		says: "please specify --config or --dir when requesting --pow: clients call programs by name, and COMMAND has none; a flag like --pow takes a value only after =, as --pow=/calls/"},
	{args: []string{"--pow", "pow", "--dir=dir"}, status: 1, stream: "err",
		says: "please specify --config or --dir when requesting --pow: clients call programs by name, and COMMAND has none; a flag like --pow takes a value only after =, as --pow=/calls/"},
	{args: []string{"--dir=dir", "--pow", "/pow"}, status: 1, stream: "err",
		says: "ambiguous: provided COMMAND and --dir argument, please only specify one; a flag like --pow takes a value only after =, as --pow=/pow", more: true},
	{args: []string{"--dir=dir", "--pow", "yes"}, status: 1, stream: "err",
		says: "ambiguous: provided COMMAND and --dir argument, please only specify one; a flag like --pow takes a value only after =, as --pow=true or --pow=false", more: true},
	{args: []string{"--pow", "/nosuch/"}, env: "WEBSOCKETD_DIR=dir", status: 1, stream: "err",
		says: "ambiguous: provided COMMAND and --dir argument, please only specify one (--dir comes from WEBSOCKETD_DIR); a flag like --pow takes a value only after =, as --pow=/nosuch/", more: true},
	{args: []string{"--devconsole", "true"}, env: "WEBSOCKETD_DIR=dir", status: 1, stream: "err",
		says: "ambiguous: ..; a flag like --devconsole takes a value only after =, as --devconsole=true or --devconsole=false", more: true},
	{args: []string{"--pow=calls", "--dir=dir"}, status: 2, stream: "err",
		says: `invalid value "calls" for flag --pow: must be true, false, or a path that begins with a slash, like /pow/`, more: true},
	{args: []string{"--pow=/.websocketd", "--dir=dir"}, status: 2, stream: "err", says: `invalid value "/.websocketd" for flag --pow: is the server's own path: write another, like /pow/`, more: true},
	{args: []string{"--pow=/", "--dir=dir", "--devconsole"}, status: 1, stream: "err", says: "please specify another path than --pow=/ beside --devconsole: below it nothing else is answered"},
	{args: []string{"--pow", "--dir=dir", "--cgidir=dir", "--cgipath=/pow"}, status: 1, stream: "err", says: "please specify another path than --pow=/pow/ beside --cgidir: below it nothing else is answered"},
	{args: []string{"--powexpiry=2m", "--dir=dir"}, status: 1, stream: "err", says: "please specify --pow when requesting --powexpiry"},
	{args: []string{"--pow=false", "--powlines=2000", "--dir=dir"}, status: 1, stream: "err", says: "please specify --pow when requesting --powlines"},
	{args: []string{"--pow", "--powexpiry=59s", "--dir=dir"}, status: 2, stream: "err", says: `invalid value "59s" for flag --powexpiry: must be at least 1m`, more: true},
	{args: []string{"--pow", "--powlines=999", "--dir=dir"}, status: 2, stream: "err", says: `invalid value "999" for flag --powlines: must be a number from 1000 to 1000000`, more: true},
	{args: []string{"--admin=nonsense", "cat"}, status: 2, stream: "err",
		says: `invalid value "nonsense" for flag --admin: must be a port, HOST:PORT, [IPV6]:PORT or unix:PATH, like 127.0.0.1:9615`, more: true},
	{args: []string{"--admin=unix:", "cat"}, status: 2, stream: "err", says: `invalid value "unix:" for flag --admin: has no path: write unix:PATH`, more: true},
	{args: []string{"--admin", "9615", "cat"}, status: 1, stream: "err",
		says: "unable to locate specified COMMAND '9615' in OS path; a flag like --admin takes a value only after =, as --admin=9615", more: true},
	{args: []string{"--admin", "nosuchprog"}, status: 1, stream: "err",
		says: "unable to locate specified COMMAND 'nosuchprog' in OS path; a flag like --admin takes a value only after =, as --admin=127.0.0.1:9615", more: true},
	{args: []string{"--admin", "--admintoken=x", "cat"}, status: 2, stream: "err", says: `invalid value "x" for flag --admintoken: must be none, which lets in whoever reaches --admin; ..`, more: true},
	{args: []string{"--admin", "--admintokenfile=nosuch", "cat"}, status: 2, stream: "err", says: "--admintokenfile: nosuch cannot be read: no such file or directory"},
	{args: []string{"--admin", "--admintokenfile=empty", "cat"}, status: 2, stream: "err", says: "--admintokenfile: empty: the first line is empty: it is the token, or sha256:HEX"},
	{args: []string{"--admin", "--admintokenfile=", "cat"}, status: 2, stream: "err",
		says: `invalid value "" for flag --admintokenfile: is empty; leave it out, and the server makes a token and logs it`, more: true},
	{args: []string{"--admin", "--admintokenfile=ok.sh", "cat"}, status: 2, stream: "err", says: "--admintokenfile: ok.sh: the token has 9 bytes, and can be guessed: 16 are the least"},
	{args: []string{"--admin=:9615", "--admintokenfile=ok.sh", "--admintoken=none", "cat"}, status: 1, stream: "err",
		says: "please only specify one of --admintoken=none and --admintokenfile"},
	{args: []string{"--admin=0.0.0.0:9615", "--admintoken=none", "cat"}, status: 1, stream: "err",
		says: "--admintoken=none lets in whoever reaches --admin=0.0.0.0:9615, which is not only this machine: leave it out, or write --admin=127.0.0.1:9615"},
	{args: []string{"--admintoken=none", "cat"}, status: 1, stream: "err", says: "please specify --admin when requesting --admintoken"},
	{args: []string{"--admintokenfile=ok.sh", "cat"}, status: 1, stream: "err", says: "please specify --admin when requesting --admintokenfile"},
	{args: []string{"--admin=false", "--adminpprof", "cat"}, status: 1, stream: "err", says: "please specify --admin when requesting --adminpprof"},
	{args: []string{"--adminexec", "cat"}, status: 1, stream: "err", says: "please specify --admin when requesting --adminexec"},
	{args: []string{"--name=api", "cat"}, status: 1, stream: "err", says: "please specify --config when requesting --name"},
	{args: []string{"--checkconfig"}, status: 1, stream: "err", says: "please specify --config when requesting --checkconfig"},
	{args: []string{"--config=nosuch.toml"}, status: 2, stream: "err", says: "nosuch.toml: cannot be read: no such file or directory; --config names a file in TOML or JSON form"},
	{args: []string{"--config=dir"}, status: 2, stream: "err", says: "dir: cannot be read: is a directory; --config names a file in TOML or JSON form"},
	{args: []string{"--config=/dev/null"}, status: 2, stream: "err", says: "/dev/null: cannot be read: is not a regular file; --config names a file in TOML or JSON form"},
}

// workshop is a directory with everything that can be wrong about a program.
func workshop(t *testing.T) string {
	t.Helper()
	dir := harness.Scripts(t, map[string]string{
		"ok.sh": "cat", "dir/x": "cat", "scripts/x": "cat", "crlf.sh": "#!/bin/sh\r\ncat\r\n", "interpreter.sh": "#!/nosuch/interpreter\n",
	})
	harness.WriteFile(t, filepath.Join(dir, "nox.sh"), "#!/bin/sh\ncat\n", 0o644)
	harness.WriteFile(t, filepath.Join(dir, "noshebang.sh"), "echo hello\n", 0o755)
	harness.WriteFile(t, filepath.Join(dir, "empty"), "", 0o755)
	return dir
}

// runIn is run in a directory.
func runIn(t *testing.T, dir string, env []string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	return output(t, func(cmd *exec.Cmd) { cmd.Dir = dir }, env, args...)
}

// matches compares a line with a pattern, in which ".." stands for anything.
func matches(line, pattern string) bool {
	parts := strings.Split(pattern, "..")
	if len(parts) == 1 {
		return line == pattern
	}
	return strings.HasPrefix(line, parts[0]) && strings.HasSuffix(line, parts[len(parts)-1])
}

// Every wrong usage says in its first line what is wrong and what would be right, on
// its stream and with its status, and nothing is started.
func TestWrongUsages(t *testing.T) {
	t.Parallel()
	dir := workshop(t)
	for _, w := range slices.Concat(wrongUsages, wrongACME) {
		t.Run(strings.Join(append(w.args, w.env), " "), func(t *testing.T) {
			t.Parallel()
			var env []string
			if w.env != "" {
				env = []string{w.env}
			}
			stdout, stderr, status := runIn(t, dir, env, w.args...)
			text := map[string]string{"out": stdout, "err": stderr}[w.stream]
			first, rest, _ := strings.Cut(text, "\n")
			if want := strings.ReplaceAll(w.says, "HERE", dir); status != w.status || !matches(first, want) {
				t.Errorf("status %d, %s begins %q, expected %d and %q", status, w.stream, first, w.status, want)
			}
			if w.more && rest != helpLine+"\n" {
				t.Errorf("then comes %q", rest)
			}
		})
	}
}

// A program that cannot be started as it stands is told of at the start, and served: it
// may be mended before the first client comes.
func TestUnableUsages(t *testing.T) {
	t.Parallel()
	dir := workshop(t)
	for file, says := range map[string]string{
		"noshebang.sh":   "first line does not begin with #!",
		"crlf.sh":        "the program's first line ends in CR",
		"interpreter.sh": "the interpreter named in the program's first line does not exist",
		"empty":          "the program is an empty file",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Binary(t), filepath.Join(dir, file))
			s.Out.Await(t, "Starting WebSocket server")
			if len(s.Out.With("| INFO ", "| server ", file+" cannot be started as it stands: ", says)) != 1 {
				t.Errorf("nothing is said:\n%s", s.Out)
			}
		})
	}
}

// A file's faults, with --checkconfig and without.
func TestWrongFiles(t *testing.T) {
	t.Parallel()
	for content, want := range wrongFiles {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			dir := workshop(t)
			harness.WriteFile(t, filepath.Join(dir, "f.toml"), content, 0o644)
			for _, more := range [][]string{nil, {"--checkconfig"}} {
				stdout, stderr, status := runIn(t, dir, nil, append(more, "--config=f.toml")...)
				first, _, _ := strings.Cut(stderr, "\n")
				if status != 2 || stdout != "" || !matches(first, want) {
					t.Errorf("%q: status %d, %q, expected %q", more, status, first, want)
				}
			}
		})
	}
}

// A value is judged in the same words whether a flag, a variable or a file has it.
func TestWrongValues(t *testing.T) {
	t.Parallel()
	const portRange, count = "must be a number from 0 to 65535", "must be a whole number that is not negative"
	const form = "must be NAME:VALUE, with letters, digits and hyphens for NAME"
	for _, test := range []struct{ flag, value, inFile, says string }{
		{"port", "abc", "", portRange},
		{"port", "99999", "99999", portRange},
		{"port", "-5", "-5", portRange},
		{"redirport", "65536", "65536", portRange},
		{"maxforks", "-1", "-1", count},
		{"maxforks", "ten", "", count},
		{"maxframesize", "-5", "-5", count},
		{"maxframesize", "64K", "", count},
		{"prefork", "-1", "-1", count},
		{"pingms", "-1", "-1", count},
		{"closems", "1s", "", count},
		{"header", "abc", `"abc"`, form},
		{"header-ws", "a b: x", `"a b: x"`, form},
		{"header-http", ":x", `":x"`, form},
		{"stderr", "file", `"file"`, "must be one of log, tag, merge, discard"},
		{"maxline", "1X", `"1X"`, "not a size, which is a number of bytes or one like 64K, 1MiB, 2G"},
		{"maxline", "2G", `"2G"`, "must be at most 1GiB"},
		{"maxline", "1", "1", "must be at least 4"},
		{"linger", "5", `"5"`, "has no unit: write 5s for seconds"},
		{"resume", "5", `"5"`, "has no unit: write 5s for seconds"},
		{"resume", "ever", `"ever"`, "not a time, which is a number with a unit, like 250ms, 5s, 1m30s, nor never"},
		{"resume", "-5m", `"-5m"`, "must not be negative"},
		{"attach", "all", `"all"`, "must be one of share, takeover, refuse"},
		{"maxsessions", "-1", "-1", count},
		{"sessionurl", "yes", "", "must be true or false"},
		{"origin", "http://localhost:3000/app", `"http://localhost:3000/app"`, `"http://localhost:3000/app" has a path, which an origin has not: write http://localhost:3000`},
		{"origin", "a.com,http://ann@b.com", `"a.com,http://ann@b.com"`, `"http://ann@b.com" has a user, which an origin has not: write http://b.com`},
		{"host", "http://a.com", `"http://a.com"`, `"http://a.com" has a scheme, which a host has not: write a.com`},
		{"trustproxy", "::1,localhost", `"::1,localhost"`, `"localhost" is neither an address nor a network: write one like 10.0.0.5 or 10.0.0.0/8, or unix for the unix socket`},
		{"forwardedheader", "X Forwarded", `"X Forwarded"`, `"X Forwarded" cannot be the name of a header; proxies set X-Forwarded-For or Forwarded`},
		{"authheader", "Cookie", `"Cookie"`, `"Cookie" is no header for a user; proxies set X-Remote-User or the like`},
		{"jwtalg", "none", `"none"`, `"none" is no algorithm that is used here: they are RS256, RS384, RS512, PS256, ES256, ES384, EdDSA, HS256`},
		{"protocol", "a b", `"a b"`, "\"a b\" cannot be a subprotocol's name: it has letters, digits and !#$%&'*+-.^_`|~; * is any"},
		{"devconsole", "maybe", "", "must be true or false"},
		{"shared", "yes", "", "must be true or false"},
		{"pow", "yes", `"yes"`, "must be true, false, or a path that begins with a slash, like /pow/"},
		{"pow", "pow", `"pow"`, "must be true, false, or a path that begins with a slash, like /pow/"},
		{"pow", "/a//", `"/a//"`, "has an empty part, or . or .., in it: write a path like /pow/"},
		{"pow", "/a b", `"/a b"`, "has a blank, a control character or one of ?#%{} in it: write a path like /pow/"},
	} {
		t.Run(test.flag+"="+test.value, func(t *testing.T) {
			t.Parallel()
			_, stderr, status := run(t, nil, "--"+test.flag+"="+test.value, "cat")
			if first, _, _ := strings.Cut(stderr, "\n"); status != 2 || !strings.HasPrefix(first, "invalid ") || !strings.HasSuffix(first, ": "+test.says) {
				t.Errorf("as a flag: status %d, %q", status, first)
			}
			name := variable(test.flag)
			_, stderr, status = run(t, []string{name + "=" + test.value}, "cat")
			if want := fmt.Sprintf("invalid value %q for environment variable %s: %s\n", test.value, name, test.says); status != 2 || stderr != want {
				t.Errorf("as a variable: status %d, %q, expected %q", status, stderr, want)
			}
			if test.inFile == "" {
				return // which is a value of another kind there
			}
			file := filepath.Join(t.TempDir(), "f.toml")
			harness.WriteFile(t, file, test.flag+" = "+test.inFile+"\n", 0o644)
			_, stderr, status = run(t, nil, "--config="+file, "cat")
			if want := fmt.Sprintf("%s:1: %s = %s: %s\n", file, test.flag, test.inFile, test.says); status != 2 || stderr != want {
				t.Errorf("in a file: status %d, %q, expected %q", status, stderr, want)
			}
		})
	}
}

// What cannot be listened on ends the server with status 3, and FATAL says what helps.
func TestWrongPlaces(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	free := harness.FreePort(t)
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"--port=" + strconv.Itoa(taken)}, fmt.Sprintf("bind: address already in use; port %d is taken, take another: --port=%d", taken, taken+1)},
		{[]string{"--port=" + strconv.Itoa(free), "--redirport=" + strconv.Itoa(taken)},
			fmt.Sprintf("bind: address already in use; port %d is taken, take another: --redirport=%d", taken, taken+1)},
		{[]string{"--address=127.0.0.1:8080"}, "no such host; an address has no port: --address=127.0.0.1 --port=8080"},
		{[]string{"--address=192.0.2.1", "--port=" + strconv.Itoa(free)}, "cannot assign requested address; --address=192.0.2.1 is no address of this machine"},
		{[]string{"--port=" + strconv.Itoa(free), "--ssl", "--sslcert=nosuch.pem", "--sslkey=/dev/null"}, "certificate nosuch.pem: no such file or directory"},
		{[]string{"--port=" + strconv.Itoa(free), "--acme=a.example", "--acmedir=/dev/null/x"}, "--acme: mkdir /dev/null: not a directory; --acmedir is another directory for certificates"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			out, errOut, status := run(t, nil, append(test.args, "cat")...)
			lines := strings.Split(strings.TrimSpace(out), "\n")
			last := lines[len(lines)-1]
			if status != 3 || errOut != "" || !strings.Contains(last, "| FATAL  | server     |  | Can't start server: ") || !strings.HasSuffix(last, test.says) {
				t.Errorf("status %d, stderr %q, the log ends %q, expected %q", status, errOut, last, test.says)
			}
		})
	}
}

// What was understood, but perhaps not as it was meant, is a line of the log.
func TestOddUsages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		env  []string
		args []string // after the harness's own
		says string   // "": nothing
	}{
		{nil, []string{"cat", "--maxforks=1"}, "--maxforks=1 comes after COMMAND and is passed on to it"},
		{nil, []string{"cat", "-u", "--binary"}, "--binary comes after COMMAND"},
		{nil, []string{"--", "cat", "--maxforks=1"}, ""},
		{nil, []string{"--maxforks=2", "cat", "--maxforks=1"}, ""},
		{nil, []string{"cat", "--nosuch", "maxforks"}, ""},
		{nil, []string{"--devconsole", "true"}, `COMMAND is "true": a flag like --devconsole takes a value only after =`},
		{nil, []string{"--devconsole=true", "true"}, ""},
		{[]string{"WEBSOCKETD_MAXFROKS=1"}, []string{"cat"}, "Ignoring WEBSOCKETD_MAXFROKS: no flag has this variable; did you mean WEBSOCKETD_MAXFORKS?"},
		{[]string{"WEBSOCKETD_QQQQQQQQ=1"}, []string{"cat"}, "Ignoring WEBSOCKETD_QQQQQQQQ: no flag has this variable"},
		{[]string{"WEBSOCKETD_PORT=tcp://10.0.0.1:80"}, []string{"cat"}, "Ignoring WEBSOCKETD_PORT=tcp://10.0.0.1:80: set by a container platform"},
		{[]string{"WEBSOCKETD_SERVICE_HOST=10.0.0.1", "WEBSOCKETD_SERVICE_PORT=80", "WEBSOCKETD_SERVICE_PORT_HTTP=80", "WEBSOCKETD_PORT_80_TCP=tcp://10.0.0.1:80",
			"WEBSOCKETD_PORT_80_TCP_ADDR=10.0.0.1", "WEBSOCKETD_CHAT_PORT=tcp://10.0.0.1:80", "WEBSOCKETD_NAME=/a/b", "WEBSOCKETD_ENV_X=1",
			"WEBSOCKETD_VERSION=1", "WEBSOCKETD_QQQQQQQQ="}, []string{"cat"}, ""},
		{nil, []string{"--redirport=" + strconv.Itoa(harness.FreePort(t)), "cat"}, "--redirport redirects to http, because there is no --ssl"},
	} {
		t.Run(strings.Join(append(test.env, test.args...), " "), func(t *testing.T) {
			t.Parallel()
			s := harness.Options{Bin: harness.Binary(t), Env: test.env, Args: test.args}.Start(t)
			s.Out.Await(t, "Starting WebSocket server")
			odd := 0
			for _, part := range []string{"COMMAND is", "comes after COMMAND", "Ignoring", "redirects to http,"} {
				odd += len(s.Out.With("| INFO ", "| server ", part))
			}
			if test.says == "" && odd > 0 || test.says != "" && (odd != 1 || len(s.Out.With(test.says)) != 1) {
				t.Errorf("%d notes, expected %q:\n%s", odd, test.says, s.Out)
			}
		})
	}
}
