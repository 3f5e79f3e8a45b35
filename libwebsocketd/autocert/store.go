package autocert

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const accountFile = "account.key"

// store is the directory of what one authority has issued.
type store string

// openStore returns a directory below dir, which nobody else may look into.
func openStore(dir, authority string) (store, error) {
	if dir == "" {
		return "", errors.New("there is no directory for certificates")
	}
	s := store(filepath.Join(dir, authority))
	if err := os.MkdirAll(string(s), 0o700); err != nil {
		return "", err
	}
	return s, nil
}

func (s store) file(name string) string { return filepath.Join(string(s), name+".pem") }

// load returns the certificate that is kept of a name; nil if there is none that is good.
func (s store) load(name string) *tls.Certificate {
	text, err := os.ReadFile(s.file(name))
	if err != nil {
		return nil
	}
	cert, err := decode(name, text)
	if err != nil {
		return nil
	}
	return cert
}

// save keeps the certificate of a name.
func (s store) save(name string, cert *tls.Certificate) error {
	text, err := encode(cert.PrivateKey, cert.Certificate)
	if err != nil {
		return err
	}
	return replace(s.file(name), text)
}

// accountKey returns the key of our account, which is made if there is none.
func (s store) accountKey() (crypto.Signer, error) {
	file := filepath.Join(string(s), accountFile)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return makeAccountKey(file)
	}
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(text); block != nil {
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if signer, ok := key.(crypto.Signer); ok {
				return signer, nil
			}
		}
	}
	return nil, fmt.Errorf("%s is no private key: without it another account is made at the authority", file)
}

func makeAccountKey(file string) (crypto.Signer, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	text, err := encode(key, nil)
	if err != nil {
		return nil, err
	}
	return key, replace(file, text)
}

// encode returns a key and a chain of certificates in PEM form.
func encode(key crypto.PrivateKey, chain [][]byte) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for _, der := range chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return text, nil
}

// decode returns what encode was given, or why that is no good certificate of a name.
func decode(name string, text []byte) (*tls.Certificate, error) {
	cert, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, err
	}
	if err := cert.Leaf.VerifyHostname(name); err != nil {
		return nil, err
	}
	if time.Now().After(cert.Leaf.NotAfter) {
		return nil, fmt.Errorf("the certificate of %s has expired", name)
	}
	return &cert, nil
}

// replace replaces a file, or makes it, as a whole.
func replace(file string, text []byte) error {
	next, err := os.CreateTemp(filepath.Dir(file), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(next.Name())
	_, err = next.Write(text)
	if syncErr := next.Sync(); err == nil {
		err = syncErr
	}
	if closeErr := next.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(next.Name(), file)
	}
	return err
}
