package credential

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http"
	"net/url"
	"testing"

	"websocketd/libwebsocketd/gate"
)

// TestCertificate: whom a certificate names, if it was verified and is the client's own.
func TestCertificate(t *testing.T) {
	ann := &x509.Certificate{Subject: pkix.Name{CommonName: "ann", Organization: []string{"acme, inc"}}, DNSNames: []string{"x"}}
	spiffe := &x509.Certificate{URIs: []*url.URL{{Scheme: "spiffe", Host: "acme", Path: "/ann"}}, DNSNames: []string{"x"}}
	shown := func(certificate *x509.Certificate) *tls.ConnectionState {
		return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{certificate}, VerifiedChains: [][]*x509.Certificate{{certificate}}}
	}
	for _, test := range []struct {
		name    string
		state   *tls.ConnectionState
		trusted bool
		user    string
		status  int
	}{
		{"a subject", shown(ann), false, `CN=ann,O=acme\, inc`, 0},
		{"a URI", shown(spiffe), false, "spiffe://acme/ann", 0},
		{"a mail address", shown(&x509.Certificate{EmailAddresses: []string{"ann@acme"}, DNSNames: []string{"x"}}), false, "ann@acme", 0},
		{"a host", shown(&x509.Certificate{DNSNames: []string{"x", "y"}}), false, "x", 0},
		{"no name", shown(&x509.Certificate{}), false, "", 401},
		{"not to be printed", shown(&x509.Certificate{Subject: pkix.Name{CommonName: "ann\u2028"}}), false, "", 401},
		{"of a proxy", shown(ann), true, "", 0},
		{"not verified", &tls.ConnectionState{PeerCertificates: []*x509.Certificate{ann}}, false, "", 0},
		{"none", &tls.ConnectionState{}, false, "", 0},
		{"no TLS", nil, false, "", 0},
	} {
		who, refusal := Certificate{}.Identify(&http.Request{TLS: test.state}, gate.Client{Trusted: test.trusted}, gate.Proof{})
		status := 0
		if refusal != nil {
			status = refusal.Status
		}
		if who.User != test.user || status != test.status || who.User != "" && who.Proof != "CLIENT_CERT" {
			t.Errorf("%s: %+v, %v", test.name, who, refusal)
		}
	}
}
