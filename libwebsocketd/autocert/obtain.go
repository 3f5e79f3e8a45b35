package autocert

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/crypto/acme"
)

// The ways to prove that a name is ours.
const (
	byTLS  = "tls-alpn-01"
	byHTTP = "http-01"
)

// ask asks the authority for a certificate, with each proof that is possible.
func (i *Issuer) ask(r request) (*tls.Certificate, error) {
	ctx, cancel := context.WithTimeout(r.ctx, attemptTime)
	defer cancel()
	client, err := i.account(ctx)
	if err != nil {
		return nil, err
	}
	order, err := i.authorize(ctx, client, r.name, byTLS)
	if err != nil && i.o.HTTP && ctx.Err() == nil {
		first := err
		if order, err = i.authorize(ctx, client, r.name, byHTTP); err != nil {
			err = fmt.Errorf("%w; %w", first, err)
		}
	}
	if err != nil {
		return nil, err
	}
	return finalize(ctx, client, r.name, order)
}

// account returns the client of an account at the authority, which is made if there is none.
func (i *Issuer) account(ctx context.Context) (*acme.Client, error) {
	if i.client != nil {
		return i.client, nil
	}
	key, err := i.store.accountKey()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: i.o.Roots}
	transport.IdleConnTimeout = time.Second // there is nothing to ask for weeks
	client := &acme.Client{Key: key, DirectoryURL: i.o.URL, UserAgent: "websocketd", HTTPClient: &http.Client{Transport: transport}}
	account := new(acme.Account)
	if i.o.Email != "" {
		account.Contact = []string{"mailto:" + i.o.Email}
	}
	if _, err := client.Register(ctx, account, acme.AcceptTOS); err != nil && !errors.Is(err, acme.ErrAccountAlreadyExists) {
		return nil, err
	}
	i.client = client
	return client, nil
}

// authorize returns an order that the authority fulfills once it has a request of the certificate.
func (i *Issuer) authorize(ctx context.Context, client *acme.Client, name, proof string) (*acme.Order, error) {
	order, err := client.AuthorizeOrder(ctx, acme.DomainIDs(name))
	if err != nil {
		return nil, err
	}
	for _, url := range order.AuthzURLs {
		if err := i.prove(ctx, client, url, name, proof); err != nil {
			return nil, fmt.Errorf("%s: %w", proof, err)
		}
	}
	return client.WaitOrder(ctx, order.URI)
}

// prove proves that a name is ours, unless the authority knows that still.
func (i *Issuer) prove(ctx context.Context, client *acme.Client, url, name, proof string) error {
	asked, err := client.GetAuthorization(ctx, url)
	if err != nil || asked.Status == acme.StatusValid {
		return err
	}
	for _, challenge := range asked.Challenges {
		if challenge.Type != proof {
			continue
		}
		retract, err := i.present(client, challenge, name)
		if err != nil {
			return err
		}
		defer retract()
		if _, err := client.Accept(ctx, challenge); err != nil {
			return err
		}
		_, err = client.WaitAuthorization(ctx, url)
		return err
	}
	return errors.New("the authority does not take this proof")
}

// present has GetCertificate or Challenge answer a challenge, until retract is called.
func (i *Issuer) present(client *acme.Client, challenge *acme.Challenge, name string) (retract func(), err error) {
	if challenge.Type == byTLS {
		cert, err := client.TLSALPN01ChallengeCert(challenge.Token, name)
		if err != nil {
			return nil, err
		}
		return set(i, i.tokens, name, &cert), nil
	}
	answer, err := client.HTTP01ChallengeResponse(challenge.Token)
	if err != nil {
		return nil, err
	}
	return set(i, i.answers, client.HTTP01ChallengePath(challenge.Token), answer), nil
}

// set sets an entry of a map of an Issuer, until retract is called.
func set[V any](i *Issuer, m map[string]V, key string, value V) (retract func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	m[key] = value
	return func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		delete(m, key)
	}
}

// finalize gets the certificate of an order.
func finalize(ctx context.Context, client *acme.Client, name string, order *acme.Order) (*tls.Certificate, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: []string{name}}, key)
	if err != nil {
		return nil, err
	}
	chain, _, err := client.CreateCertFromOrder(ctx, order, csr, true)
	if err != nil {
		return nil, err
	}
	text, err := encode(key, chain)
	if err != nil {
		return nil, err
	}
	return decode(name, text)
}

func newKey() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }
