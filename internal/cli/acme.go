package cli

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/autocert"
	"websocketd/libwebsocketd/manager"
)

// issues reports whether certificates are issued by ACME.
func (w *options) issues() bool { return len(w.ACME.ACME) > 0 }

// checkACME refuses what does not go with --acme, and what needs it.
func (w *options) checkACME() *refusal {
	a, t := &w.ACME, &w.TLS
	for _, f := range []struct{ name, value string }{{"acmedir", a.Acmedir}, {"acmeurl", a.Acmeurl}, {"acmeca", a.Acmeca}, {"acmeemail", a.Acmeemail}} {
		if f.value != "" && !w.issues() {
			return &refusal{status: ExitUsage, about: []string{f.name}, message: "please specify --acme when requesting --" + f.name}
		}
	}
	switch {
	case !w.issues():
		return nil
	case t.Sslcert != "" || t.Sslkey != "":
		return &refusal{status: ExitUsage, about: []string{"acme", "sslcert", "sslkey"},
			message: "please only specify one of --acme and --sslcert with --sslkey: the certificates of --acme are issued"}
	}
	for _, name := range a.ACME {
		if a.Acmeurl == "" && !strings.Contains(name, ".") {
			return unusable("acme", fmt.Errorf("%s is no name that others know: it has no dot; an authority of one's own, which may know it, is --acmeurl", name))
		}
	}
	if _, err := readRoots(a.Acmeca); err != nil {
		return unusable("acmeca", err)
	}
	return nil
}

// checkACMENames checks the form of the names. None at all must not be the work of a variable of
// the shell that is empty: there would be no TLS.
func checkACMENames(text string) error {
	entries := atCommas(text)
	if len(entries) == 0 {
		return errors.New("is empty; leave it out to do without TLS")
	}
	for _, name := range entries {
		if err := autocert.CheckName(name); err != nil {
			return fmt.Errorf("%q %w", name, err)
		}
	}
	return nil
}

func checkACMEURL(text string) error {
	if at, err := url.Parse(text); err != nil || at.Scheme != "https" || at.Host == "" || at.User != nil || at.Fragment != "" {
		return errors.New("must be https://HOST/.., where the directory of the authority is")
	}
	return nil
}

func checkACMECA(text string) error {
	if text == "" {
		return errors.New("is empty; leave it out to believe whom the system believes")
	}
	return nil
}

func checkACMEEmail(text string) error {
	if at, err := mail.ParseAddress(text); err != nil || at.Address != text {
		return errors.New("must be an address of mail alone: ops@example.com")
	}
	return nil
}

// readRoots returns the certificates of a file; nil without one.
func readRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("there is no certificate in %s", file)
	}
	return roots, nil
}

// serveACME has cfg speak TLS with issued certificates, if that is asked for.
func (w *options) serveACME(cfg *libwebsocketd.Config, log *slog.Logger) error {
	if !w.issues() {
		return nil
	}
	roots, err := readRoots(w.ACME.Acmeca)
	if err != nil {
		return err
	}
	dir, err := w.acmeDir()
	if err != nil {
		return err
	}
	issuer, err := autocert.New(autocert.Options{
		Names: w.ACME.ACME, Dir: dir, URL: w.ACME.Acmeurl, Email: w.ACME.Acmeemail,
		Roots: roots, HTTP: w.Listen.Redirport != 0 || len(cfg.RedirectListeners) > 0, Log: log,
	})
	if err != nil {
		return fmt.Errorf("--acme: %w; --acmedir is another directory for certificates", err)
	}
	cfg.Issuer = issuer
	log.Info("Certificates are kept in    : " + dir)
	return nil
}

// openIssuing does what openUntil does, after serveACME.
func (w *options) openIssuing(signals chan os.Signal, cfg libwebsocketd.Config, managed *admin, supervised *manager.Manager, log *slog.Logger) (*service, os.Signal, error) {
	if err := w.serveACME(&cfg, log); err != nil {
		return nil, nil, err
	}
	return openUntil(signals, cfg, managed, supervised, log)
}

// acmeDir returns where certificates are kept.
func (w *options) acmeDir() (string, error) {
	if w.ACME.Acmedir != "" {
		return w.ACME.Acmedir, nil
	}
	dir, err := stateDir()
	if err != nil {
		return "", fmt.Errorf("%w: give --acmedir", err)
	}
	return filepath.Join(dir, "acme"), nil
}

// stateDir returns where a server keeps what it must not forget: what systemd has made for it,
// or a directory of the user.
func stateDir() (string, error) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		dir, err := os.UserConfigDir()
		return filepath.Join(dir, "websocketd"), err
	}
	return stateDirOf(os.Getenv, os.Geteuid() == 0)
}

// stateDirOf is stateDir by the variables of other systems.
func stateDirOf(getenv func(name string) string, isRoot bool) (string, error) {
	first, _, _ := strings.Cut(getenv("STATE_DIRECTORY"), ":")
	state, home := getenv("XDG_STATE_HOME"), getenv("HOME")
	switch {
	case first != "":
		return first, nil
	case isRoot:
		return "/var/lib/websocketd", nil
	case filepath.IsAbs(state):
		return filepath.Join(state, "websocketd"), nil
	case filepath.IsAbs(home):
		return filepath.Join(home, ".local", "state", "websocketd"), nil
	}
	return "", errors.New("neither STATE_DIRECTORY nor XDG_STATE_HOME nor HOME is set")
}
