package listen

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"websocketd/libwebsocketd/internal/paths"
)

const (
	certificateLook     = time.Second            // how old the last check of the files may be
	certificatePatience = 100 * time.Millisecond // how long a handshake that starts a new check waits for it
)

// challengeProtocol is what an authority speaks that wants a proof of a name (RFC 8737 section 4).
const challengeProtocol = "acme-tls/1"

// Issue is the GetCertificate of certificates that are in no files.
type Issue func(*tls.ClientHelloInfo) (*tls.Certificate, error)

// Certificates is a TLS configuration made of files. The next handshake uses changed
// files, so that a renewed certificate needs no restart. If they cannot be read or do
// not match, the old configuration stays in use. The files are read in a goroutine
// apart from the handshakes: a file system that does not answer stops none of them.
type Certificates struct {
	cert, key, ca string
	issue         Issue          // instead of cert and key; else nil
	greeted       func(net.Conn) // called when the first message of a handshake has come whole
	failed        func(error)    // called when files cannot be used
	patience      time.Duration

	mu      sync.Mutex
	looked  time.Time     // when the last check began
	looking chan struct{} // closed when it is over; nil when none is running
	seen    [3]paths.Stamp
	config  *tls.Config
}

// NewCertificates reads the files and returns the Certificates. ca is empty when clients
// need no certificate. cert and key are empty when there is an issue instead. greeted is called with the connection of every handshake whose
// first message has come whole, failed when changed files cannot be used.
func NewCertificates(cert, key, ca string, issue Issue, greeted func(net.Conn), failed func(error)) (*Certificates, error) {
	c := &Certificates{cert: cert, key: key, ca: ca, issue: issue, greeted: greeted, failed: failed, patience: certificatePatience}
	c.seen = c.stamps()
	config, err := c.read()
	if err != nil {
		return nil, err
	}
	c.config, c.looked = config, time.Now()
	return c, nil
}

// ServerConfig returns a configuration that uses the current files at every handshake.
func (c *Certificates) ServerConfig() *tls.Config {
	config := newConfig()
	config.GetCertificate = c.issue
	if c.issue == nil {
		config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return &c.current().Certificates[0], nil
		}
	}
	challenge := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{challengeProtocol}, GetCertificate: c.issue}
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		c.greeted(hello.Conn)
		if c.issue != nil && slices.Equal(hello.SupportedProtos, challenge.NextProtos) {
			return challenge, nil // for which the authority has no certificate of ours
		}
		return c.current(), nil
	}
	return config
}

// newConfig returns a configuration without certificates.
func newConfig() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1", "http/1.0"}}
}

// current returns the configuration for a handshake that begins now. If the last check of
// the files is old it starts another, and waits for that a moment.
func (c *Certificates) current() *tls.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.looking != nil || time.Since(c.looked) < certificateLook {
		return c.config
	}
	c.looked, c.looking = time.Now(), make(chan struct{})
	go c.look(c.looking)
	c.wait(c.looking)
	return c.config
}

// wait waits for the end of a check, for a moment at most. c.mu is held at the call and
// the return, and released between.
func (c *Certificates) wait(over <-chan struct{}) {
	c.mu.Unlock()
	defer c.mu.Lock()
	patience := time.NewTimer(c.patience)
	defer patience.Stop()
	select {
	case <-over:
	case <-patience.C:
	}
}

// look reads the files if they have changed, and closes over.
func (c *Certificates) look(over chan struct{}) {
	seen := c.stamps()
	if !slices.EqualFunc(seen[:], c.seen[:], paths.Stamp.Same) { // c.seen is written by look only, one at a time
		config, err := c.read()
		c.mu.Lock()
		c.seen = seen
		if err == nil {
			c.config = config
		}
		c.mu.Unlock()
		if err != nil {
			c.failed(fmt.Errorf("the changed certificate cannot be used, the old one stays: %w", err))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looking = nil
	close(over)
}

// Finish waits until no check is running, or ctx is done.
func (c *Certificates) Finish(ctx context.Context) {
	c.mu.Lock()
	over := c.looking
	c.mu.Unlock()
	if over == nil {
		return
	}
	select {
	case <-over:
	case <-ctx.Done():
	}
}

func (c *Certificates) stamps() [3]paths.Stamp {
	return [3]paths.Stamp{paths.StampOf(c.cert), paths.StampOf(c.key), paths.StampOf(c.ca)}
}

func (c *Certificates) read() (*tls.Config, error) {
	config := newConfig()
	config.GetCertificate = c.issue
	if c.issue == nil {
		pair, err := c.readPair()
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	if c.ca == "" {
		return config, nil
	}
	pem, err := paths.ReadRegular(c.ca)
	if err != nil {
		return nil, fmt.Errorf("failed to read CA file %s: %w", c.ca, paths.Cause(err))
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("failed to parse CA certificates from %s", c.ca)
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	return config, nil
}

// readPair reads the certificate and its key.
func (c *Certificates) readPair() (pair tls.Certificate, err error) {
	cert, err := paths.ReadRegular(c.cert)
	if err != nil {
		return pair, fmt.Errorf("certificate %s: %w", c.cert, paths.Cause(err))
	}
	key, err := paths.ReadRegular(c.key)
	if err != nil {
		return pair, fmt.Errorf("key %s: %w", c.key, paths.Cause(err))
	}
	if pair, err = tls.X509KeyPair(cert, key); err != nil {
		return pair, fmt.Errorf("certificate %s with key %s: %w", c.cert, c.key, err)
	}
	return pair, nil
}
