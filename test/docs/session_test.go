package docs

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// A block of the language console is a session: a line that begins with $ is typed,
// and what follows comes back. A server that is started stays until the next one is,
// and what follows is in its log. Files that the page shows are there. A line of ...
// is any number of lines.
func TestSessions(t *testing.T) {
	for _, p := range manual(t) {
		t.Run(strings.TrimSuffix(filepath.Base(p.name), ".md"), func(t *testing.T) {
			t.Parallel()
			need(t, p)
			sessions := 0
			s := newSession(t)
			for _, b := range p.blocks {
				s.at = p.name + ":" + itoa(b.line)
				if b.language == "console" {
					s.run(t, b)
					sessions++
				} else {
					s.write(t, b)
				}
			}
			if sessions == 0 && !slices.Contains(withoutSession, p.name) {
				t.Errorf("%s has no session", p.name)
			}
		})
	}
}

// withoutSession are the pages that are not for those who run websocketd.
var withoutSession = []string{"doc/design.md", "doc/library.md", "doc/performance.md"}

// need skips the test of a page whose commands and files use what is not here.
func need(t *testing.T, p page) {
	t.Helper()
	harness.Need(t, "bash")
	for _, b := range p.blocks {
		for _, tool := range []string{"curl", "node", "openssl", "python3"} {
			if (b.language == "console" || b.file() != "") && strings.Contains(b.text(), tool) {
				harness.Need(t, tool)
			}
		}
	}
}

// session is what is typed on a page, one block after the other.
type session struct {
	dir    string
	env    []string // of what is typed
	at     string   // where in the page we are
	server *harness.Server
	log    string // what the server has to log
}

func newSession(t *testing.T) *session {
	t.Helper()
	s := &session{dir: t.TempDir()}
	bin := t.TempDir() // also where curl looks for its settings: no progress, as in a terminal
	if err := os.Symlink(harness.Binary(t), filepath.Join(bin, "websocketd")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, ".curlrc"), []byte("no-progress-meter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.env = append(os.Environ(), "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"), "CURL_HOME="+bin, "LC_ALL=C", s.runtimeDir())
	return s
}

// runtimeDir is the variable by which the operator's command finds the server.
func (s *session) runtimeDir() string { return "XDG_RUNTIME_DIR=" + s.dir }

func (s *session) file(name string) string { return filepath.Join(s.dir, name) }

// write writes the file a block shows, if it shows one.
func (s *session) write(t *testing.T, b block) {
	t.Helper()
	if name := b.file(); name != "" {
		put(t, s.file(name), b.text())
	}
}

// run types the lines of a console block and compares what comes back.
func (s *session) run(t *testing.T, b block) {
	t.Helper()
	for lines := b.lines; len(lines) > 0; {
		typed, isTyped := strings.CutPrefix(lines[0], "$ ")
		if !isTyped {
			t.Fatalf("%s: a session begins with what is typed, not with %q", s.at, lines[0])
		}
		n := 1
		for n < len(lines) && !strings.HasPrefix(lines[n], "$ ") {
			n++
		}
		answer := lines[1:n]
		lines = lines[n:]
		switch {
		case strings.HasPrefix(typed, "websocketd ") && !isClient.MatchString(typed):
			s.serve(t, typed, answer)
		case strings.HasPrefix(typed, "npx wscat "):
			s.converse(t, typed, answer)
		case len(answer) == 0 && s.assign(t, typed):
		default:
			s.compare(t, typed, s.shell(t, typed), answer)
		}
	}
	s.checkLog(t)
}

// isClient matches what asks a server that runs, or starts none.
var isClient = regexp.MustCompile(`^websocketd (connect|ctl|completion|passwd) `)

// serve starts a server as it is typed, on another port. It may also say something
// and end.
func (s *session) serve(t *testing.T, typed string, answer []string) {
	t.Helper()
	s.stop(t)
	port := harness.FreePort(t)
	args := s.arguments(t, strings.ReplaceAll(typed, "8080", itoa(port)))
	if strings.Contains(typed, "--config=") { // whose port is in the file
		args = append([]string{"--port=" + itoa(port)}, args...)
	}
	o := harness.Options{Bin: harness.Binary(t), Args: args, Bare: true, Port: port, Dir: s.dir, Env: []string{"TZ=UTC", s.runtimeDir()}}
	server := o.Launch(t)
	harness.Until(t, "the server listens or ends", func() bool { return server.Exited() || listens(port) })
	if server.Exited() {
		server.Wait(t)
		s.compare(t, typed, server.Out.String()+server.Err.String(), answer)
		return
	}
	s.server, s.log = server, strings.Join(answer, "\n")
}

func listens(port int) bool {
	c, err := net.DialTimeout("tcp", "127.0.0.1:"+itoa(port), time.Second)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// arguments are those of a command line, as a shell sees them.
func (s *session) arguments(t *testing.T, typed string) []string {
	t.Helper()
	split := exec.Command("bash", "-c", `websocketd() { printf '%s\0' "$@"; }; `+typed)
	split.Dir = s.dir
	out, err := split.Output()
	if err != nil {
		t.Fatalf("%s: %s: %v", s.at, typed, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// stop ends the server that was started last, if one was.
func (s *session) stop(t *testing.T) {
	t.Helper()
	if s.server == nil {
		return
	}
	s.server.Signal(t, syscall.SIGTERM)
	if status := s.server.Wait(t); status != 0 {
		t.Errorf("%s: the server before it ended with status %d", s.at, status)
	}
	s.server, s.log = nil, ""
}

// checkLog waits until the lines a page has below a server's start are in its log.
func (s *session) checkLog(t *testing.T) {
	t.Helper()
	if s.log == "" {
		return
	}
	want := pattern(s.log)
	if !harness.Within(harness.Patience(t), func() bool { return want.MatchString(s.usual(s.server.Out.String())) }) {
		t.Errorf("%s: the log is\n%s\nwithout\n%s", s.at, s.server.Out, s.log)
	}
}

// assignment is what sets a variable for what is typed later.
var assignment = regexp.MustCompile(`^([A-Z]+)=`)

// assign sets a variable, if that is what is typed.
func (s *session) assign(t *testing.T, typed string) bool {
	t.Helper()
	name := assignment.FindStringSubmatch(typed)
	if name == nil {
		return false
	}
	s.env = append(s.env, name[1]+"="+s.shell(t, typed+`; printf %s "$`+name[1]+`"`))
	return true
}

// shell runs what is typed and returns both its outputs.
func (s *session) shell(t *testing.T, typed string) string {
	t.Helper()
	ctx := harness.Context(t)
	cmd := exec.CommandContext(ctx, "bash", "-c", s.here(typed))
	cmd.Dir = s.dir
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("%s: %s: %v\n%s", s.at, typed, err, out)
	}
	return string(out)
}

// here returns text with the port of the running server for the page's.
func (s *session) here(text string) string {
	if s.server == nil {
		return text
	}
	return strings.ReplaceAll(text, "8080", itoa(s.server.Port))
}

// usual is the opposite of here.
func (s *session) usual(text string) string {
	if s.server == nil {
		return text
	}
	return strings.ReplaceAll(text, itoa(s.server.Port), "8080")
}

// compare reports what was typed if it did not give what the page shows.
func (s *session) compare(t *testing.T, typed, got string, want []string) {
	t.Helper()
	got = strings.ReplaceAll(s.usual(got), "\r\n", "\n")
	if !exactly(strings.Join(want, "\n")).MatchString(strings.TrimRight(got, "\n")) {
		t.Errorf("%s: %s\ngives\n%s\nnot\n%s", s.at, typed, got, strings.Join(want, "\n"))
	}
}
