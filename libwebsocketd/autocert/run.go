package autocert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/crypto/acme"
)

const (
	firstPause   = 5 * time.Minute // after a failure
	mostPause    = time.Hour
	attemptTime  = 5 * time.Minute
	longestWait  = time.Hour           // between two looks at the clock, which stands still for a timer while the machine sleeps
	mostLeft     = 30 * 24 * time.Hour // of a certificate's time, when it is renewed
	mostJitter   = time.Hour           // by which it is later, so that not all come at once
	logTimestamp = "2006-01-02 15:04"
)

// request is for a certificate.
type request struct {
	ctx  context.Context
	name string
}

// errAtOnce is the error of a certificate that would be asked for again and again.
var errAtOnce = errors.New("the certificate is one to be renewed at once: the clock of this machine is wrong, or that of the authority")

// Run has certificates issued and renewed until ctx is done. It is called once.
func (i *Issuer) Run(ctx context.Context) {
	defer i.hangUp()
	for {
		s := i.next()
		wait := time.NewTimer(min(time.Until(s.due), longestWait))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
		if !time.Now().Before(s.due) {
			i.renew(ctx, s)
		}
	}
}

// hangUp closes the connections to the authority.
func (i *Issuer) hangUp() {
	if i.client != nil {
		i.client.HTTPClient.CloseIdleConnections()
	}
}

// next returns the subject that is due first.
func (i *Issuer) next() *subject {
	first := i.subjects[0]
	for _, s := range i.subjects {
		if s.due.Before(first.due) {
			first = s
		}
	}
	return first
}

// renew gets a certificate for a subject: one that another server has kept, or a new one.
func (i *Issuer) renew(ctx context.Context, s *subject) {
	cert := i.store.load(s.name)
	if cert == nil || !dueOf(cert.Leaf).After(time.Now()) {
		var err error
		if cert, err = i.obtain(request{ctx, s.name}); err != nil {
			i.fail(ctx, s, err)
			return
		}
		if err := i.store.save(s.name, cert); err != nil {
			i.o.Log.Error(fmt.Sprintf("Certificate not kept        : of %s: %v; another is asked for after the next start", s.name, err))
		}
	}
	failures := s.failures
	i.mu.Lock()
	s.take(cert)
	i.mu.Unlock()
	if !s.due.After(time.Now()) {
		s.failures = failures
		i.fail(ctx, s, fmt.Errorf("%w: there is one until %s", errAtOnce, cert.Leaf.NotAfter.UTC().Format(logTimestamp)))
		return
	}
	i.o.Log.Info(fmt.Sprintf("Certificate issued          : for %s, until %s; renewed from %s on",
		s.name, cert.Leaf.NotAfter.UTC().Format(logTimestamp), s.due.UTC().Format(logTimestamp)))
}

// take gives a subject a certificate.
func (s *subject) take(cert *tls.Certificate) {
	s.cert, s.failures = cert, 0
	s.due = dueOf(cert.Leaf).Add(jitter(cert.Leaf))
}

// dueOf returns from when on a certificate is renewed.
func dueOf(leaf *x509.Certificate) time.Time { return leaf.NotAfter.Add(-leftOf(leaf)) }

// leftOf returns how much of its time is left to a certificate when it is renewed.
func leftOf(leaf *x509.Certificate) time.Duration {
	return min(leaf.NotAfter.Sub(leaf.NotBefore)/3, mostLeft)
}

func jitter(leaf *x509.Certificate) time.Duration {
	return rand.N(min(leftOf(leaf)/10, mostJitter) + 1)
}

// fail sets when it is tried again, and logs that, unless the server is going away.
func (i *Issuer) fail(ctx context.Context, s *subject, err error) {
	if ctx.Err() != nil {
		return
	}
	pause := min(firstPause<<min(s.failures, 10), mostPause)
	if limited := (*acme.Error)(nil); errors.As(err, &limited) {
		if wait, ok := acme.RateLimit(limited); ok {
			pause = max(pause, wait)
		}
	}
	s.failures++
	s.due = time.Now().Add(pause)
	why := strings.Join(strings.Fields(err.Error()), " ")
	i.o.Log.Error(fmt.Sprintf("Certificate not issued      : for %s: %s%s; tried again in %s", s.name, why, i.hint(err), pause.Round(time.Second)))
}

// hint returns what may be wrong where the authority has seen no proof.
func (i *Issuer) hint(err error) string {
	switch unproved := (*acme.AuthorizationError)(nil); {
	case !errors.As(err, &unproved):
		return ""
	case i.o.HTTP:
		return "; port 443 or port 80 of that name must be this server"
	}
	return "; port 443 of that name must be this server, or with --redirport port 80"
}
