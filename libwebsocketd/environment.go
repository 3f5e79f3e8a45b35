package libwebsocketd

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/paths"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/process"
)

// defaultPassEnv returns which variables of the server's own environment a child gets
// unless --passenv says otherwise: enough to find programs and libraries.
func defaultPassEnv() []string {
	switch runtime.GOOS {
	case "windows":
		return []string{"PATH", "SystemRoot", "COMSPEC", "PATHEXT", "WINDIR"}
	case "darwin":
		return []string{"PATH", "DYLD_LIBRARY_PATH"}
	}
	return []string{"PATH", "LD_LIBRARY_PATH"}
}

// environment makes the variables of a program's processes (CGI/1.1, RFC 3875
// section 4.1).
type environment struct {
	static   []string          // the same for every request, SERVER_SOFTWARE first
	withhold *gate.Credentials // what proves who a client is; nil withholds nothing
}

// newEnvironment returns the environment of a program that runs as an account; nil is the
// server's user. It reads the variables to pass on once: they are the server's, not the
// request's.
func newEnvironment(p *Program, account *process.Account, cfg *Config) *environment {
	vars := []variable{{"SERVER_SOFTWARE", cfg.ServerSoftware}}
	for _, v := range passed(p.PassEnv) {
		if v.name == "SERVER_SOFTWARE" {
			vars[0].value = v.value
		} else {
			vars = append(vars, v)
		}
	}
	if p.Unbuffer {
		vars = append(vars, unbuffered()...)
	}
	if account != nil && account.Name != "" { // the user's, where others would be the server's
		vars = append(vars, variable{"HOME", account.Home}, variable{"USER", account.Name}, variable{"LOGNAME", account.Name})
	}
	for _, entry := range p.Env {
		name, value, _ := strings.Cut(entry, "=")
		vars = append(vars, variable{name, value})
	}
	return &environment{static: assemble(vars), withhold: cfg.Credentials}
}

// PassedEnvironment returns the variables of this process that names let through, as
// NAME=VALUE; nil is the platform's default (see Settings.PassEnv).
func PassedEnvironment(names []string) []string {
	if names == nil {
		names = defaultPassEnv()
	}
	return assemble(passed(names))
}

// passed returns those of some variables of the server that a program may see.
func passed(names []string) (vars []variable) {
	for _, name := range names {
		name = strings.TrimSpace(name)
		value := cleanValue(os.Getenv(name))
		if value != "" && name != "HTTPS" { // HTTPS says how the client is connected, never how the server was started
			vars = append(vars, variable{name, value})
		}
	}
	return vars
}

type variable struct{ name, value string }

// assemble returns vars as KEY=VALUE; a later variable replaces an earlier one of its
// name. The entries share one string: a request has some thirty of them.
func assemble(vars []variable) []string {
	vars = lastOfEach(vars)
	size := 0
	for _, v := range vars {
		size += len(v.name) + 1 + len(v.value)
	}
	var all strings.Builder
	all.Grow(size)
	for _, v := range vars {
		all.WriteString(v.name)
		all.WriteByte('=')
		all.WriteString(v.value)
	}
	env := make([]string, len(vars))
	rest := all.String()
	for i, v := range vars {
		n := len(v.name) + 1 + len(v.value)
		env[i], rest = rest[:n], rest[n:]
	}
	return env
}

// lastOfEach returns vars with one variable of each name, at the position of the first
// and with the value of the last. It changes vars.
func lastOfEach(vars []variable) []variable {
	kept, at := vars[:0], make(map[string]int, len(vars))
	for _, v := range vars {
		if i, ok := at[v.name]; ok {
			kept[i].value = v.value
			continue
		}
		at[v.name] = len(kept)
		kept = append(kept, v)
	}
	return kept
}

// requestVariables are the variables that environment.of sets for every request.
var requestVariables = []string{
	"REMOTE_ADDR", "REMOTE_HOST", "REMOTE_PORT", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "GATEWAY_INTERFACE",
	"REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "PATH_TRANSLATED", "QUERY_STRING", "REQUEST_URI", "UNIQUE_ID",
	"AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "REMOTE_IDENT", "REMOTE_USER",
}

// of returns the whole environment of a child that serves r through route. Standard
// variables win over passed ones, SERVER_SOFTWARE excepted, and the request's headers
// win over passed HTTP_ ones. The variables of more replace those of the same name.
func (e *environment) of(r *http.Request, route route, from remote, id string, more ...variable) []string {
	r = e.withhold.Withhold(r)
	name, port := serverNamePort(r)
	vars := []variable{
		{"REMOTE_ADDR", from.addr},
		{"REMOTE_HOST", from.host},
		{"REMOTE_PORT", from.port},
		{"SERVER_NAME", name},
		{"SERVER_PORT", port},
		{"SERVER_PROTOCOL", r.Proto},
		{"GATEWAY_INTERFACE", "CGI/1.1"},
		{"REQUEST_METHOD", r.Method},
		{"SCRIPT_NAME", route.scriptName},
		{"PATH_INFO", route.pathInfo},
		{"PATH_TRANSLATED", paths.Clean(r.URL.Path)},
		{"QUERY_STRING", r.URL.RawQuery},
		{"REQUEST_URI", r.URL.RequestURI()},
		{"UNIQUE_ID", id},
		{"AUTH_TYPE", from.Proof},
		{"CONTENT_LENGTH", ""},
		{"CONTENT_TYPE", ""},
		{"REMOTE_IDENT", ""},
		{"REMOTE_USER", from.User},
	}
	if gate.IsSecure(r) {
		vars = append(vars, variable{"HTTPS", "on"})
	}
	for i := range vars {
		vars[i].value = cleanValue(vars[i].value)
	}
	vars = append(vars, more...)
	return e.override(append(vars, headerVariables(r)...))
}

// logEnvironment logs the environment of a program at level DEBUG, without what proves who
// somebody is: a program whose clients need no credentials sees such headers.
func logEnvironment(log *slog.Logger, env []string) {
	if !log.Enabled(context.Background(), logging.LevelDebug) {
		return
	}
	for _, entry := range env {
		kind := "Std. variable: "
		if strings.HasPrefix(entry, "HTTP_") {
			kind = "Header variable "
		}
		logging.At(log, logging.LevelDebug, "env", kind+masked(entry))
	}
}

// masked returns a variable as the log may have it.
func masked(entry string) string {
	name, value, _ := strings.Cut(entry, "=")
	switch name {
	case "HTTP_AUTHORIZATION", "HTTP_PROXY_AUTHORIZATION", "HTTP_COOKIE", "HTTP_X_API_KEY":
		return name + "=..."
	case "QUERY_STRING":
		return name + "=" + strings.TrimPrefix(gate.MaskToken("?"+value), "?")
	case "REQUEST_URI", "HTTP_REFERER":
		return name + "=" + gate.MaskToken(value)
	}
	return entry
}

// override returns the static part without what vars sets, then vars.
func (e *environment) override(vars []variable) []string {
	request := assemble(vars)
	env := make([]string, 0, len(e.static)+len(request))
	for _, entry := range e.static {
		name, _, _ := strings.Cut(entry, "=")
		if !slices.ContainsFunc(vars, func(v variable) bool { return v.name == name }) {
			env = append(env, entry)
		}
	}
	return append(env, request...)
}

// headerVariables returns the HTTP_ variables of a request, in the order of their names.
// It omits Proxy, which many programs would obey as HTTP_PROXY (httpoxy). It also omits
// names with an underscore: RFC 3875 section 4.1.18 turns - into _, so they would be the
// same variable as another header's.
func headerVariables(r *http.Request) []variable {
	names := make([]string, 0, len(r.Header)+1)
	for name := range r.Header {
		if name != "Proxy" && !strings.Contains(name, "_") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	vars := make([]variable, 0, len(names)+1)
	if r.Host != "" {
		vars = append(vars, variable{"HTTP_HOST", cleanValue(r.Host)})
	}
	for _, name := range names {
		vars = append(vars, variable{headerVariable(name), headerValue(name, r.Header[name])})
	}
	return vars
}

func headerVariable(name string) string {
	return "HTTP_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// headerValue returns the lines of one header, joined as RFC 9110 section 5.3 says, and
// for cookies as RFC 6265 section 5.4 says.
func headerValue(name string, lines []string) string {
	separator := ", "
	if name == "Cookie" {
		separator = "; "
	}
	clean := make([]string, len(lines))
	for i, line := range lines {
		clean[i] = cleanValue(line)
	}
	joined := strings.Join(clean, separator)
	if name == "Cookie" && strings.Contains(joined, OwnCookie) {
		return withoutOwnCookies(joined)
	}
	return joined
}

// OwnCookie begins the name of every cookie that the server sets. Programs do not see
// them: the one of a session is the key to it.
const OwnCookie = "websocketd-"

// withoutOwnCookies returns the other cookies of a request.
func withoutOwnCookies(line string) string {
	pairs := strings.Split(line, ";")
	return strings.TrimSpace(strings.Join(slices.DeleteFunc(pairs, func(pair string) bool {
		return strings.HasPrefix(strings.TrimSpace(pair), OwnCookie)
	}), ";"))
}

var newlinesToSpaces = strings.NewReplacer("\r", " ", "\n", " ")

// cleanValue returns v on one line, so that a program that prints its environment, or a
// shell that evaluates it, sees one variable.
func cleanValue(v string) string {
	return strings.TrimSpace(newlinesToSpaces.Replace(v))
}

// serverNamePort returns the host and port the client asked for; both are empty when
// the Host header cannot be split. An IPv6 host without a port keeps its brackets, as
// in the older tool.
func serverNamePort(r *http.Request) (name, port string) {
	host := r.Host
	if host != "" && (!strings.Contains(host, ":") || strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]")) {
		if gate.IsSecure(r) {
			return host, "443"
		}
		return host, "80"
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return "", ""
	}
	return name, port
}

// uniqueIDs makes ids of nanoseconds since 1970, each different: a clock may stand still.
type uniqueIDs struct{ last atomic.Int64 }

func (u *uniqueIDs) Next() string {
	for {
		last := u.last.Load()
		id := max(time.Now().UnixNano(), last+1)
		if u.last.CompareAndSwap(last, id) {
			return strconv.FormatInt(id, 10)
		}
	}
}
