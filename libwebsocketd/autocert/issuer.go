package autocert

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
)

// LetsEncrypt is the authority of Options without a URL.
const LetsEncrypt = acme.LetsEncryptURL

// Options are the settings of an Issuer. Names and Dir are required.
type Options struct {
	Names []string       // see CheckName
	Dir   string         // of the account's key and the certificates; it is made if need be
	URL   string         // of the authority's directory (RFC 8555 section 7.1.1); "" is LetsEncrypt
	Email string         // of whom the authority writes to; may be empty
	Roots *x509.CertPool // who vouches for the authority itself; nil: who does for the system
	HTTP  bool           // what Challenge returns is told on port 80 of the names
	Log   *slog.Logger   // nil: nothing is logged
}

// Issuer has the certificates of some names. It is a libwebsocketd.Issuer; but for Run its
// methods may be called concurrently. By using it the operator agrees to the terms of the
// authority.
type Issuer struct {
	o      Options
	store  store
	client *acme.Client // nil until there is an account
	obtain func(request) (*tls.Certificate, error)

	mu       sync.RWMutex
	subjects []*subject                  // in the order of Names
	tokens   map[string]*tls.Certificate // by name, while it is proved
	answers  map[string]string           // by path, likewise
}

// subject is a name that has a certificate, or is to get one.
type subject struct {
	name     string
	cert     *tls.Certificate // nil if there is none; Issuer.mu guards it
	due      time.Time        // when it is renewed
	failures int              // since the last success
}

// New returns an Issuer that has the certificates that are kept. It asks the authority for
// nothing; its error tells what is wrong with the Options.
func New(o Options) (*Issuer, error) {
	if o.URL == "" {
		o.URL = LetsEncrypt
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	at, err := url.Parse(o.URL)
	if err != nil || at.Scheme != "https" || at.Host == "" {
		return nil, fmt.Errorf("the authority's URL is %q, which is not that of an https server", o.URL)
	}
	i := &Issuer{o: o, tokens: map[string]*tls.Certificate{}, answers: map[string]string{}}
	if i.store, err = openStore(o.Dir, strings.ReplaceAll(at.Host, ":", "_")); err != nil {
		return nil, err
	}
	i.obtain = i.ask
	for _, name := range o.Names {
		if err := CheckName(name); err != nil {
			return nil, fmt.Errorf("%q %w", name, err)
		}
		i.add(normal(name))
	}
	if len(i.subjects) == 0 {
		return nil, errors.New("there are no names")
	}
	return i, nil
}

// add adds a name, once, with the certificate that is kept of it.
func (i *Issuer) add(name string) {
	if slices.ContainsFunc(i.subjects, func(s *subject) bool { return s.name == name }) {
		return
	}
	s := &subject{name: name, due: time.Now()}
	if cert := i.store.load(name); cert != nil {
		s.take(cert)
	}
	i.subjects = append(i.subjects, s)
}

// Names returns the names, in lower case.
func (i *Issuer) Names() (names []string) {
	for _, s := range i.subjects {
		names = append(names, s.name)
	}
	return names
}

// GetCertificate is that of a tls.Config. A client that names no host gets the certificate of
// the first name.
func (i *Issuer) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := normal(hello.ServerName)
	i.mu.RLock()
	defer i.mu.RUnlock()
	if slices.Equal(hello.SupportedProtos, []string{acme.ALPNProto}) {
		if cert := i.tokens[name]; cert != nil {
			return cert, nil
		}
		return nil, fmt.Errorf("the authority is asked nothing about %q now", name)
	}
	for _, s := range i.subjects {
		if s.name != name && name != "" {
			continue
		}
		if s.cert == nil {
			return nil, fmt.Errorf("the certificate of %s has not been issued yet", s.name)
		}
		return s.cert, nil
	}
	return nil, fmt.Errorf("there is no certificate for %q", name)
}

// Challenge returns what answers the authority's request on port 80, if r is one.
func (i *Issuer) Challenge(r *http.Request) (answer string, ok bool) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	answer, ok = i.answers[r.URL.Path]
	return answer, ok
}
