package credential

import (
	"cmp"
	"crypto/x509"
	"net/http"

	"websocketd/libwebsocketd/gate"
)

// Certificate is the credential of those who show a certificate that the server's TLS has
// verified. A proxy's own certificate says nothing of the clients for whom it is trusted to
// speak.
type Certificate struct{}

// Name implements gate.Credential.
func (Certificate) Name() string { return "certificate" }

// Schemes implements gate.Credential. A certificate is asked for by TLS.
func (Certificate) Schemes() []string { return nil }

// Identify implements gate.Credential.
func (Certificate) Identify(r *http.Request, from gate.Client, _ gate.Proof) (gate.Identity, *gate.Refusal) {
	if from.Trusted || r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return gate.Identity{}, nil
	}
	user := subject(r.TLS.PeerCertificates[0])
	if err := CheckUser(user); err != nil {
		return gate.Identity{}, gate.Wrong("of the certificate: " + err.Error())
	}
	return gate.Identity{User: user, Proof: "CLIENT_CERT"}, nil
}

// subject returns whose a certificate is: its subject as RFC 2253 writes it, CN=ann,O=acme.
// Those of services may have none, and be for a URI, a mail address or a host name instead.
func subject(c *x509.Certificate) string {
	var uri string
	if len(c.URIs) > 0 {
		uri = c.URIs[0].String()
	}
	return cmp.Or(c.Subject.String(), uri, first(c.EmailAddresses), first(c.DNSNames))
}

// first returns the first of a list, "" if there is none.
func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
