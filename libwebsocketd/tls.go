package libwebsocketd

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
)

// certificateLook is how old the last look at the files may be.
const certificateLook = time.Second

// certificates is a TLS configuration made of files. Changed files are taken up
// by the next handshake, so that a renewed certificate needs no restart; what
// cannot be read or does not fit together leaves the old configuration at work.
type certificates struct {
	cert, key, ca string
	failed        func(error) // told of files that cannot be used

	mu     sync.Mutex
	looked time.Time
	seen   [3]stamp
	config *tls.Config
}

// stamp tells whether a file has changed, or is another one. Links are followed:
// Kubernetes and certbot swap them.
type stamp struct{ fs.FileInfo }

func (s stamp) same(t stamp) bool {
	if s.FileInfo == nil || t.FileInfo == nil {
		return s.FileInfo == nil && t.FileInfo == nil
	}
	return os.SameFile(s.FileInfo, t.FileInfo) && s.Size() == t.Size() && s.ModTime().Equal(t.ModTime())
}

// newCertificates reads the files. ca is empty when clients need no certificate.
func newCertificates(cert, key, ca string, failed func(error)) (*certificates, error) {
	c := &certificates{cert: cert, key: key, ca: ca, failed: failed}
	c.seen = c.stamps()
	config, err := c.read()
	if err != nil {
		return nil, err
	}
	c.config, c.looked = config, time.Now()
	return c, nil
}

// serverConfig asks for the current configuration at every handshake.
func (c *certificates) serverConfig() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.current(), nil },
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return &c.current().Certificates[0], nil
		},
	}
}

func (c *certificates) current() *tls.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < certificateLook {
		return c.config
	}
	c.looked = time.Now()
	if seen := c.stamps(); !slices.EqualFunc(seen[:], c.seen[:], stamp.same) {
		c.seen = seen
		if config, err := c.read(); err == nil {
			c.config = config
		} else {
			c.failed(fmt.Errorf("the changed certificate cannot be used, the old one stays: %w", err))
		}
	}
	return c.config
}

func (c *certificates) stamps() (seen [3]stamp) {
	for i, file := range []string{c.cert, c.key, c.ca} {
		if info, err := os.Stat(file); err == nil {
			seen[i] = stamp{info}
		}
	}
	return seen
}

func (c *certificates) read() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", c.cert, c.key, plain(err))
	}
	config := &tls.Config{
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
		Certificates: []tls.Certificate{pair},
	}
	if c.ca == "" {
		return config, nil
	}
	pem, err := os.ReadFile(c.ca)
	if err != nil {
		return nil, fmt.Errorf("failed to read CA file %s: %w", c.ca, plain(err))
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("failed to parse CA certificates from %s", c.ca)
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	return config, nil
}

// plain is an error of a file without its path, which is told already.
func plain(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
