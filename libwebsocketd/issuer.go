package libwebsocketd

import (
	"context"
	"crypto/tls"
	"net/http"
)

// Issuer has certificates for a server issued, such as package autocert.
type Issuer interface {
	// Names returns the names of the server that it is for. They are good as Host.
	Names() []string

	// GetCertificate is that of a tls.Config. It is also asked for the certificate of a
	// handshake that proves a name (RFC 8737).
	GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error)

	// Challenge returns the answer to a request to RedirectPort that asks for a proof of a
	// name (RFC 8555 section 8.3); ok is false for all others.
	Challenge(r *http.Request) (answer string, ok bool)

	// Run has certificates issued and renewed until ctx is done. The Server calls it once.
	Run(ctx context.Context)
}

// issuedNames returns the names that certificates are issued for.
func (c *Config) issuedNames() []string {
	if c.Issuer == nil {
		return nil
	}
	return c.Issuer.Names()
}

// issue returns what takes the place of TLSCert; nil if nothing does.
func (c *Config) issue() func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c.Issuer == nil {
		return nil
	}
	return c.Issuer.GetCertificate
}

// answerChallenge answers a request that asks for a proof of a name, and reports whether it is
// one. Whoever knows its path may ask.
func (s *Server) answerChallenge(w http.ResponseWriter, r *http.Request) bool {
	if s.cfg.Issuer == nil {
		return false
	}
	answer, ok := s.cfg.Issuer.Challenge(r)
	if ok {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write([]byte(answer))
	}
	return ok
}
