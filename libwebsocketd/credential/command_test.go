package credential

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/process"
)

// asked is a Command of a shell script, which is started in a directory of its own. The
// script can use "$DIR".
type asked struct {
	*Command
	dir string

	mu       sync.Mutex
	reported []string
}

func newAsked(t *testing.T, script string) *asked {
	t.Helper()
	launcher, err := process.NewLauncher(process.LauncherOptions{Subreaper: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { launcher.Close() })
	a := &asked{dir: t.TempDir()}
	a.Command = NewCommand([]string{"/bin/sh", "-c", script, "an argument"}, []string{"PATH=/usr/bin:/bin", "DIR=" + a.dir}, func(err error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.reported = append(a.reported, err.Error())
	})
	a.Use(launcher)
	return a
}

// runs is how often the script ran, if it writes a line to $DIR/runs each time.
func (a *asked) runs(t *testing.T) int {
	t.Helper()
	lines, err := os.ReadFile(filepath.Join(a.dir, "runs"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Count(string(lines), "\n")
}

// must fails the test if what was reported is not one line with a text; "" is none.
func (a *asked) must(t *testing.T, text string) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	(*reported)(&a.reported).must(t, text)
}

// letsIn counts its runs. It lets in who knows the password secret, and who has the token
// token-of-ada; others are refused by their own ways.
const letsIn = `
echo >>"$DIR/runs"
read -r user; read -r secret
case "$AUTH_TYPE $user $secret" in
"Basic bob secret") ;;
"Basic alias secret") echo "  Ada L. "; echo more ;;
"Bearer  token-of-ada") echo ada ;;
"Bearer  nobody's") ;;
"Basic mad secret") printf 'a\001b\n' ;;
"Basic long secret") head -c 100000 /dev/zero | tr '\0' x ;;
"Basic killed secret") kill -9 $$ ;;
*) echo wrong; exit 1 ;;
esac`

func TestCommand(t *testing.T) {
	a := newAsked(t, letsIn)
	for _, test := range []struct {
		shown    gate.Proof
		user     string
		status   int
		reported string
	}{
		{basic("bob", "secret"), "bob", 0, ""},
		{basic("alias", "secret"), "Ada L.", 0, ""},
		{bearer("token-of-ada"), "ada", 0, ""},
		{basic("bob", "wrong"), "", 401, ""},
		{bearer("nobody's"), "", 401, ""},
		{basic("", ""), "", 401, ""},
		{basic("bob", "secret\nx"), "", 401, ""},
		{bearer("token-of-ada\n"), "", 401, ""},
		{bearer("\xff"), "", 401, ""},
		{basic("mad", "secret"), "", 503, "cannot be printed"},
		{basic("long", "secret"), "", 503, "more than 256"},
		{basic("killed", "secret"), "", 503, "SIGKILL"},
	} {
		who, refusal := identify(a, test.shown)
		status := 0
		if refusal != nil {
			status = refusal.Status
		}
		if who.User != test.user || status != test.status || test.status == 0 && who.Proof != test.shown.Scheme {
			t.Errorf("%q: %+v, %v", test.shown, who, refusal)
		}
		a.must(t, test.reported)
	}
	if who, refusal := identify(a, gate.Proof{}); refusal != nil || who.User != "" {
		t.Errorf("nothing shown: %+v, %v", who, refusal)
	}
}

// The secret is on standard input only, and the environment tells of the request.
func TestCommandEnvironment(t *testing.T) {
	a := newAsked(t, `env >"$DIR/env"; tr '\0' ' ' </proc/$$/cmdline >"$DIR/args"; cat >"$DIR/input"`)
	r := newRequest()
	r.Method, r.Host, r.RequestURI = "GET", "[::1]:8080", "/x?token=hidden&a=b"
	r.Header = http.Header{"Authorization": {"hidden"}}
	if _, refusal := a.Identify(r, gate.Client{Addr: netip.MustParseAddr("192.0.2.1")}, basic("ada", "hidden")); refusal != nil {
		t.Fatal(refusal)
	}
	all := map[string]string{}
	for _, name := range []string{"env", "args", "input"} {
		text, err := os.ReadFile(filepath.Join(a.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	for _, want := range []string{"AUTH_TYPE=Basic", "REMOTE_ADDR=192.0.2.1", "REQUEST_METHOD=GET", "REQUEST_URI=/x?a=b", "SERVER_NAME=::1", "HTTP_HOST=[::1]:8080"} {
		if !strings.Contains(all["env"], want+"\n") {
			t.Errorf("%s is not in\n%s", want, all["env"])
		}
	}
	if all["input"] != "ada\nhidden\n" || strings.Contains(all["env"]+all["args"], "hidden") || !strings.Contains(all["args"], "an argument") {
		t.Errorf("%q", all)
	}
}

// An answer counts for a minute, a refusal for five seconds; a failure is asked for again.
func TestCommandIsRemembered(t *testing.T) {
	a := newAsked(t, letsIn)
	for _, test := range []struct {
		shown gate.Proof
		runs  int
	}{{basic("bob", "secret"), 1}, {basic("bob", "wrong"), 1}, {basic("killed", "secret"), 3}} {
		before := a.runs(t)
		for range 3 {
			identify(a, test.shown)
		}
		if got := a.runs(t) - before; got != test.runs {
			t.Errorf("%v: it ran %d times, expected %d", test.shown, got, test.runs)
		}
	}
}

// A program is killed, with what it has started, when its client leaves, and when it does not
// end.
func TestCommandThatHangs(t *testing.T) {
	a := newAsked(t, `sleep 1000 & echo $! >"$DIR/runs"; wait`)
	ctx, leave := context.WithCancel(t.Context())
	refusals := make(chan *gate.Refusal)
	go func() {
		_, refusal := a.Identify(newRequest().WithContext(ctx), gate.Client{}, basic("ada", "x"))
		refusals <- refusal
	}()
	testkit.Eventually(t, "it runs", func() bool { return a.runs(t) == 1 })
	leave()
	if refusal := <-refusals; refusal == nil || refusal.Status != 503 {
		t.Errorf("%v", refusal)
	}
	a.must(t, "")
	a.mustHaveEnded(t)

	a.patience = 100 * time.Millisecond
	if _, refusal := identify(a, basic("ada", "x")); refusal == nil || refusal.Status != 503 {
		t.Errorf("%v", refusal)
	}
	a.must(t, "has not ended within 100ms, and was killed")
	a.mustHaveEnded(t)

	a.Close()
	a.patience = time.Hour
	if _, refusal := identify(a, basic("ada", "x")); refusal != gate.GoingAway {
		t.Errorf("%v", refusal)
	}
	a.must(t, "")
}

// mustHaveEnded checks that the process has gone whose pid is in $DIR/runs.
func (a *asked) mustHaveEnded(t *testing.T) {
	t.Helper()
	pid, _ := os.ReadFile(filepath.Join(a.dir, "runs"))
	if _, err := os.Stat("/proc/" + strings.TrimSpace(string(pid))); err == nil && len(pid) > 0 {
		t.Errorf("the child %s is still there", pid)
	}
}

// What a program leaves in the background neither holds up its answer nor stays.
func TestCommandWithBackground(t *testing.T) {
	a := newAsked(t, `echo ada; sleep 1000 & echo $! >"$DIR/runs"`)
	if who, refusal := identify(a, basic("x", "x")); refusal != nil || who.User != "ada" {
		t.Errorf("%+v, %v", who, refusal)
	}
	a.mustHaveEnded(t)
}

func TestCommandThatCannotRun(t *testing.T) {
	a := newAsked(t, "")
	a.argv = []string{filepath.Join(a.dir, "none")}
	if _, refusal := identify(a, basic("ada", "hidden")); refusal == nil || refusal.Status != 503 {
		t.Errorf("%v", refusal)
	}
	a.must(t, "no such file")
}

// Eight programs run at once, and as many clients wait as may.
func TestCommandsAtOnce(t *testing.T) {
	a := newAsked(t, `echo >>"$DIR/runs"; while [ ! -e "$DIR/go" ]; do sleep 0.05; done`)
	a.patience = time.Hour
	const all = commandsAtOnce + mostWaiting
	results := make(chan *gate.Refusal, all)
	for i := range all {
		go func() {
			_, refusal := identify(a, basic("ada", fmt.Sprint(i)))
			results <- refusal
		}()
	}
	testkit.Eventually(t, "the first ones run", func() bool { return a.runs(t) >= commandsAtOnce })
	if got := a.runs(t); got != commandsAtOnce {
		t.Errorf("%d programs run at once", got)
	}
	write(t, filepath.Join(a.dir, "go"), "")
	for range all {
		if r := <-results; r != nil {
			t.Error(r)
		}
	}
	if got := a.runs(t); got != all {
		t.Errorf("%d programs have run", got)
	}
	a.must(t, "")
}
