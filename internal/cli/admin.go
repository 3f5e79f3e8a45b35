package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/control"
	"websocketd/libwebsocketd/credential"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/manager"
)

// adminAt is where the operator's listener is. As a value of a flag, true is only the socket by
// which `websocketd ctl` finds the server, and false is none, in the spellings of any switch.
type adminAt string

// adminRuntime is the value of adminAt for that socket alone.
const adminRuntime adminAt = "true"

// IsBool implements kong.BoolMapperValue: the flag needs no value.
func (*adminAt) IsBool() bool { return true }

// Decode implements kong.MapperValue.
func (a *adminAt) Decode(ctx *kong.DecodeContext) error {
	text, err := popString(ctx)
	if err != nil {
		return err
	}
	*a, err = parseAdmin(text)
	return err
}

func parseAdmin(text string) (adminAt, error) {
	switch on, err := strconv.ParseBool(text); {
	case err == nil && on:
		return adminRuntime, nil
	case err == nil:
		return "", nil
	}
	_, err := control.ParseAddress(text)
	return adminAt(text), err
}

// address returns what the value says beside that socket, which may be nothing.
func (a adminAt) address() control.Address {
	if a == "" || a == adminRuntime {
		return control.Address{}
	}
	address, _ := control.ParseAddress(string(a)) // its form is checked
	return address
}

// adminSample is an address as it may be given.
const adminSample = "127.0.0.1:9615"

// isAdminAddress reports whether a word may be an address.
func isAdminAddress(word string) bool {
	_, err := control.ParseAddress(word)
	return err == nil
}

// checkAdminTokenFile refuses an empty name, which may be the work of a variable of the shell.
func checkAdminTokenFile(name string) error {
	if strings.TrimSpace(name) == "" {
		return errors.New("is empty; leave it out, and the server makes a token and logs it")
	}
	return nil
}

// noToken is the value of --admintoken.
const noToken = "none"

// checkAdminToken checks the form of --admintoken.
func checkAdminToken(text string) error {
	if text != noToken {
		return errors.New("must be none, which lets in whoever reaches --admin; a token of your own stands in a file, for --admintokenfile: arguments can be read by every user of this machine")
	}
	return nil
}

// checkAdmin checks the flags of the operator's listener against each other.
func (w *options) checkAdmin() *refusal {
	a := &w.Admin
	for _, f := range []struct {
		name string
		is   bool
	}{{"admintoken", a.Admintoken != ""}, {"admintokenfile", a.Admintokenfile != ""}, {"adminpprof", a.Adminpprof}, {"adminexec", a.Adminexec}} {
		if f.is && a.Admin == "" && !w.file.broken["admin"] {
			return &refusal{status: ExitUsage, about: []string{f.name}, message: "please specify --admin when requesting --" + f.name,
				inFile: fmt.Sprintf("%s is for the listener of admin; %s, or take %[1]s out", f.name, w.wayTo("admin", "write admin = true"))}
		}
	}
	switch {
	case a.Admintoken != "" && a.Admintokenfile != "":
		return &refusal{status: ExitUsage, about: []string{"admintoken", "admintokenfile"},
			message: "please only specify one of --admintoken=none and --admintokenfile",
			inFile:  "admintoken = \"none\" and admintokenfile do not go together; take one of them out"}
	case a.Admintoken != "" && !a.Admin.address().IsLocal():
		return &refusal{status: ExitUsage, about: []string{"admintoken", "admin"}, message: fmt.Sprintf(
			"--admintoken=none lets in whoever reaches --admin=%s, which is not only this machine: leave it out, or write --admin=127.0.0.1:%d", a.Admin, a.Admin.address().Port),
			inFile: fmt.Sprintf("admintoken = %q lets in whoever reaches admin = %q, which is not only this machine; take it out, or write admin = \"127.0.0.1:%d\"",
				noToken, string(a.Admin), a.Admin.address().Port)}
	}
	return nil
}

// openAdminToken reads the file of the token, or makes a token.
func (w *options) openAdminToken() *refusal {
	a := &w.Admin
	switch {
	case a.Admin == "" || a.Admintoken != "":
	case a.Admintokenfile != "":
		kind, err := credential.NewOperatorFile(a.Admintokenfile, w.credentials.reports.add)
		if err != nil {
			return unusable("admintokenfile", err)
		}
		w.adminToken = kind
	case len(a.Admin.address().Hosts) > 0:
		w.madeToken = gate.NewSecret()
		w.adminToken = credential.NewOperator(w.madeToken)
	}
	return nil
}

// admin is the operator's side of a server. nil is none.
type admin struct {
	*control.Control
	made      string         // the token, if the server has made it
	passed    []net.Listener // of the address, if the service manager has opened it
	listeners []net.Listener // of the address
	runtime   net.Listener   // by which `websocketd ctl` finds the server; nil: there is none
}

// serveAdmin makes cfg notify the operator's side of the server, if that is asked for.
func (i invocation) serveAdmin(w *options, cfg *libwebsocketd.Config, supervised *manager.Manager) *admin {
	if w.Admin.Admin == "" {
		return nil
	}
	o := control.Options{
		Version: i.build.name(), Name: w.ownName(), Sessions: w.sessions, Programs: supervised, Address: w.Admin.Admin.address(), Hosts: w.Admit.Host,
		PingInterval: cfg.PingInterval, MaxConns: cfg.MaxConns, Pprof: w.Admin.Adminpprof, Log: cfg.Logger, ErrorLog: cfg.ErrorLog,
	}
	if w.Admin.Adminexec {
		o.NewProgram = w.newProgram(supervised)
	}
	if w.adminToken != nil { // a nil *Operator is no nil Credential
		o.Token = w.adminToken
	}
	a := &admin{Control: control.New(o), made: w.madeToken, passed: i.inherited.admin}
	cfg.Observer = a.Control
	return a
}

// ownName returns the name of the program that is served without one.
func (w *options) ownName() string {
	switch {
	case len(w.command) > 0:
		return filepath.Base(w.command[0])
	case w.Program.Dir != "":
		dir, err := filepath.Abs(w.Program.Dir)
		if err != nil {
			dir = w.Program.Dir
		}
		return filepath.Base(dir)
	}
	return ""
}

// open opens the listeners. It goes on without the socket for `websocketd ctl`.
func (a *admin) open(log *slog.Logger) (err error) {
	if a == nil {
		return nil
	}
	a.listeners = a.passed
	if at := a.Address; !at.IsZero() && a.listeners == nil {
		if a.listeners, err = at.Listen(); err != nil {
			return fmt.Errorf("%w%s", err, adminWayOut(err, at))
		}
	}
	if a.runtime, err = control.ListenRuntime(); err != nil {
		log.Info(fmt.Sprintf("No socket for websocketd ctl : %v", err))
	}
	return nil
}

// every returns all listeners.
func (a *admin) every() []net.Listener {
	if a.runtime == nil {
		return a.listeners
	}
	return append(a.listeners[:len(a.listeners):len(a.listeners)], a.runtime)
}

// sockets returns the files of the unix sockets.
func (a *admin) sockets() (files []string) {
	if a == nil {
		return nil
	}
	for _, l := range a.every() {
		if isUnix(l) && !slices.Contains(a.passed, l) {
			files = append(files, socketFiles(l.Addr().String())...)
		}
	}
	return files
}

// logWhere logs where the operator can connect. A token that the server has made stands in the
// URL, behind the #, which no browser sends.
func (a *admin) logWhere(log *slog.Logger) {
	if a == nil {
		return
	}
	fragment := ""
	if a.made != "" {
		fragment = "#token=" + a.made
	}
	switch {
	case a.Address.Socket != "":
		log.Info("Managed by its operator at  : unix socket " + a.Address.Socket)
	case len(a.listeners) > 0:
		log.Info("Managed by its operator at  : http://" + a.place() + "/" + fragment)
	}
	if a.runtime != nil {
		log.Info("Managed by websocketd ctl   : unix socket " + a.runtime.Addr().String())
	}
}

// place returns HOST:PORT as it is typed.
func (a *admin) place() string {
	at := a.listeners[0].Addr().(*net.TCPAddr)
	host := a.Address.Hosts[0]
	if isUnspecified(host) {
		host = "localhost"
	}
	return net.JoinHostPort(host, strconv.Itoa(at.Port))
}

// serve serves until close.
func (a *admin) serve(log *slog.Logger) {
	if a == nil {
		return
	}
	go func() {
		if err := a.Serve(a.every()...); err != nil {
			log.Error(fmt.Sprintf("The operator's listener has failed: %v", err))
		}
	}()
}

// close ends the hub and closes the listeners.
func (a *admin) close() {
	if a == nil {
		return
	}
	a.Control.Close()
	a.closeListeners()
}

// closeListeners closes the listeners, which also removes the files of sockets that are ours.
func (a *admin) closeListeners() {
	if a == nil {
		return
	}
	for _, l := range a.every() {
		l.Close()
	}
}

// upgradeBy lets the operator replace the server.
func (a *admin) upgradeBy(u *upgrader) {
	if a != nil {
		a.Upgrade = u.Ask
	}
}

// hold makes the listeners stand still, as Control.Hold does.
func (a *admin) hold() (release func(gone bool)) {
	if a == nil {
		return func(bool) {}
	}
	return a.Hold()
}

// lift returns the channels for a new server, as Control.Lift does.
func (a *admin) lift() (channels [][]byte, settle func(taken bool)) {
	if a == nil {
		return nil, func(bool) {}
	}
	return a.Lift()
}

// begin is called when everything is taken over from another server.
func (a *admin) begin() {
	if a != nil {
		a.Begin()
	}
}

// handable returns the listeners that a new server goes on with: not that for websocketd ctl, whose
// name has the pid of this one.
func (a *admin) handable() []net.Listener {
	if a == nil {
		return nil
	}
	return a.listeners
}

// steer names the Server that is managed.
func (a *admin) steer(server *libwebsocketd.Server) {
	if a != nil {
		a.Steer(server)
	}
}
