package cli

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/credential"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
)

// credentials are what the flags say of who a client is. The server and the checks of its
// programs have them in common.
type credentials struct {
	known   *gate.Credentials // nil: there are none
	failed  bool              // what the flags say cannot be used
	reports reports
}

// all returns the credentials; nil if there are none.
func (c *credentials) all() *gate.Credentials {
	if c == nil {
		return nil
	}
	return c.known
}

// credentialSource is a flag that configures a kind of credential.
type credentialSource struct {
	kind, flag string
	value      func(*grammar) string
	open       func(w *options, value string) (gate.Credential, error)
}

// credentialSources has the kinds in the order in which they are tried. What a proxy says is
// read first, so that nothing else hides that it names two users.
var credentialSources = []credentialSource{
	{"header", "authheader", func(g *grammar) string { return g.Credential.Authheader }, (*options).openHeader},
	{"password", "authfile", func(g *grammar) string { return g.Credential.Authfile }, (*options).openPasswords},
	{"token", "tokenfile", func(g *grammar) string { return g.Credential.Tokenfile }, (*options).openTokens},
	{"jwt", "jwtkey", func(g *grammar) string { return g.JWT.Jwtkey }, (*options).openJWT},
	{"command", "authcmd", func(g *grammar) string { return strings.Join(g.Credential.Authcmd, " ") }, (*options).openCommand},
	{byCertificate, "sslca", func(g *grammar) string { return g.TLS.Sslca }, (*options).openCertificate},
}

// byCertificate is the last of the kinds. Every client has a certificate where one is
// demanded, and so it proves nothing more, unless auth names it or there is no other kind. A
// proxy would show its own for all clients.
const byCertificate = "certificate"

func (w *options) openPasswords(file string) (gate.Credential, error) {
	return credential.NewPassword(file, w.credentials.reports.add)
}

func (w *options) openTokens(file string) (gate.Credential, error) {
	return credential.NewToken(file, w.credentials.reports.add)
}

func (w *options) openJWT(file string) (gate.Credential, error) {
	o := credential.JWTOptions{Audience: w.JWT.Jwtaudience, Issuer: cmp.Or(w.JWT.Jwtissuer, w.JWT.Oauthserver), UserClaim: w.JWT.Jwtuser, Algorithms: w.JWT.Jwtalg}
	if w.JWT.Oauthserver != "" {
		o.For = w.audience().Has
	}
	return credential.NewJWT(file, o, w.credentials.reports.add)
}

func (w *options) openHeader(name string) (gate.Credential, error) { return credential.NewHeader(name) }

// openCommand looks the program up. One value of the flag is divided at blanks, for there is
// no shell; several are the arguments as they are.
func (w *options) openCommand(string) (gate.Credential, error) {
	argv := w.Credential.Authcmd
	if len(argv) == 1 {
		argv = strings.Fields(argv[0])
	}
	if len(argv) == 0 {
		return nil, errors.New("the name of a program is missing")
	}
	path, why := lookCommand(argv[0])
	if why != "" {
		return nil, errors.New(why)
	}
	if err := libwebsocketd.CheckExecutable(path, ""); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	argv = append([]string{path}, argv[1:]...)
	return credential.NewCommand(argv, libwebsocketd.PassedEnvironment(w.Program.Passenv), w.credentials.reports.add), nil
}

func (*options) openCertificate(string) (gate.Credential, error) {
	return credential.Certificate{}, nil
}

// openCredentials makes the credentials that the flags ask for.
func (w *options) openCredentials() *refusal {
	w.credentials = &credentials{}
	r := w.openKinds()
	w.credentials.failed = r != nil
	return r
}

func (w *options) openKinds() *refusal {
	all := &gate.Credentials{}
	for _, source := range credentialSources {
		value := source.value(&w.grammar)
		if value == "" {
			continue
		}
		kind, err := source.open(w, value)
		if err != nil {
			return unusable(source.flag, err)
		}
		if source.kind == byCertificate && len(all.Kinds)+len(w.Admit.Trustproxy) > 0 {
			all.Named = append(all.Named, kind)
		} else {
			all.Kinds = append(all.Kinds, kind)
		}
	}
	if len(all.Kinds)+len(all.Named) > 0 {
		w.credentials.known = all
	}
	if name := w.Credential.Authheader; name != "" {
		all.Headers = []string{name}
	}
	if url := w.JWT.Oauthserver; url != "" {
		all.AuthorizationServers = []string{url}
	}
	return w.openGroups(all)
}

// startCommands gives the credentials that start processes what starts them, and returns them.
func startCommands(all *gate.Credentials, launcher *process.Launcher) (commands []*credential.Command) {
	if all == nil {
		return nil
	}
	for _, kind := range all.Kinds {
		if command, ok := kind.(*credential.Command); ok {
			command.Use(launcher)
			commands = append(commands, command)
		}
	}
	return commands
}

// unusable refuses the value of a flag that has the right form.
func unusable(flag string, err error) *refusal {
	return &refusal{status: ExitFlags, about: []string{flag}, message: fmt.Sprintf("--%s: %v", flag, err), inFile: fmt.Sprintf("%s: %v", flag, err)}
}

// openGroups reads the file of groups.
func (w *options) openGroups(all *gate.Credentials) *refusal {
	file := w.Credential.Groupfile
	switch {
	case file == "":
		return nil
	case w.credentials.known == nil:
		return &refusal{status: ExitFlags, about: []string{"groupfile"},
			message: "--groupfile needs credentials, by which users are known: --authfile, --tokenfile and others of the help",
			inFile:  "groupfile needs credentials, by which users are known: authfile, tokenfile and others"}
	}
	groups, err := credential.NewGroups(file, w.credentials.reports.add)
	if err != nil {
		return unusable("groupfile", err)
	}
	all.Groups = groups.Of
	return nil
}

// isBlank reports whether there is nothing in a list but blanks.
func isBlank(list []string) bool { return strings.TrimSpace(strings.Join(list, "")) == "" }

// checkProofs checks the flags of a kind of credential that need each other.
func (w *options) checkProofs() *refusal {
	j := &w.JWT
	needs := func(flag, need, why string) *refusal {
		return &refusal{status: ExitUsage, about: []string{flag}, message: fmt.Sprintf("please specify --%s when requesting --%s%s", need, flag, why)}
	}
	switch {
	case len(w.Credential.Authcmd) > 0 && isBlank(w.Credential.Authcmd):
		return &refusal{status: ExitFlags, about: []string{"authcmd"}, message: "--authcmd " + errEmpty.Error()}
	case w.Credential.Authheader != "" && len(w.Admit.Trustproxy) == 0:
		return needs("authheader", "trustproxy", ": nobody else is believed")
	case j.Oauthserver != "" && j.Jwtkey == "" && len(w.Credential.Authcmd) == 0:
		return needs("oauthserver", "jwtkey or --authcmd", ": its tokens are to be checked")
	case j.Oauthserver != "" && j.Jwtkey != "" && j.Jwtaudience == "" && w.audience().IsEmpty():
		return needs("oauthserver", "host=NAME or --jwtaudience", ": the audience of a token is the URL of the program, and no name of this server is known")
	case j.Jwtkey != "" && j.Jwtaudience == "" && j.Oauthserver == "":
		return needs("jwtkey", "jwtaudience", ": without it a token for any other service would be taken")
	case j.Jwtkey != "":
		return nil
	}
	for _, f := range []struct {
		name  string
		isSet bool
	}{{"jwtaudience", j.Jwtaudience != ""}, {"jwtissuer", j.Jwtissuer != ""}, {"jwtalg", len(j.Jwtalg) > 0}, {"jwtuser", j.Jwtuser != credential.DefaultUserClaim}} {
		if f.isSet {
			return needs(f.name, "jwtkey", "")
		}
	}
	return nil
}

// checkAccess checks --auth and --allow against the credentials there are. Where one of these
// has a fault already, nothing can be said.
func (w *options) checkAccess() *refusal {
	if w.credentials.failed {
		return nil
	}
	about := []string{"auth", "allow"}
	for _, source := range credentialSources {
		about = append(about, source.flag)
		if w.file.broken[source.flag] {
			return nil
		}
	}
	for _, source := range credentialSources {
		if slices.Contains(w.Credential.Auth, source.kind) && source.value(&w.grammar) == "" {
			return &refusal{status: ExitFlags, about: about,
				message: fmt.Sprintf("please specify --%s when requesting --auth=%s", source.flag, source.kind),
				inFile:  fmt.Sprintf("auth has %q, which needs the global key %s, or the flag", source.kind, source.flag)}
		}
	}
	if group := w.unknownGroup(); group != "" {
		return &refusal{status: ExitFlags, about: append(about, "groupfile"),
			message: fmt.Sprintf("please specify --groupfile when requesting --allow=%s", group),
			inFile:  fmt.Sprintf("allow has %q, which needs the global key groupfile, or the flag", group)}
	}
	if _, err := w.credentials.all().Access(w.Credential.Auth, w.Credential.Allow); err != nil {
		return &refusal{status: ExitFlags, about: about, message: "--" + err.Error(), inFile: err.Error()}
	}
	return nil
}

// unknownGroup returns an entry of --allow that is a group although nothing says who is in
// groups, no file and no token; "" if there is none.
func (w *options) unknownGroup() string {
	all := w.credentials.all()
	if all == nil || all.Groups != nil || w.JWT.Jwtkey != "" || w.file.broken["groupfile"] {
		return ""
	}
	i := slices.IndexFunc(w.Credential.Allow, func(entry string) bool { return strings.HasPrefix(entry, "@") })
	if i < 0 {
		return ""
	}
	return w.Credential.Allow[i]
}

// checkKind checks one entry of --auth.
func checkKind(name string) error {
	kinds := []string{gate.NoAuth}
	for _, source := range credentialSources {
		kinds = append(kinds, source.kind)
	}
	if !slices.Contains(kinds, name) {
		return fmt.Errorf("%q is no kind of credentials: they are %s", name, strings.Join(kinds, ", "))
	}
	return nil
}

// reports are what is wrong with files of credentials that are in use all the same. They are
// kept until there is a log.
type reports struct {
	mu   sync.Mutex
	log  *slog.Logger // nil: not yet
	kept []error
}

// add logs one.
func (r *reports) add(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.log == nil {
		r.kept = append(r.kept, err)
		return
	}
	r.log.Error(err.Error())
}

// logTo logs what was kept, and everything that follows.
func (r *reports) logTo(log *slog.Logger) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = log
	for _, err := range r.kept {
		log.Error(err.Error())
	}
	r.kept = nil
}
