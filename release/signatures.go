package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"aead.dev/minisign"
)

// signatureSuffix is that of the signature of a file, as minisign(1) has it.
const signatureSuffix = ".minisig"

// passwordVariable has what a key that is kept under a password is opened with. As a flag it would
// stand in the list of processes.
const passwordVariable = "SIGNPASSWORD"

// signed are the files that are signed: all others are in the first by their sums, but for the second.
var signed = []string{sumsFile, provenanceFile}

// writeSignatures signs what says what all files are. Without a key it says that nothing is signed, and
// leaves no signature of another run.
func writeSignatures(s settings) error {
	for _, name := range signed {
		if err := os.Remove(filepath.Join(s.Out, name+signatureSuffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if s.SignKey == "" {
		fmt.Println("release: nothing is signed: SIGNKEY=FILE, or -signkey, names a key of minisign -G")
		return nil
	}
	key, err := readSignKey(s.SignKey)
	if err != nil {
		return err
	}
	for _, name := range signed {
		if err := s.sign(key, name); err != nil {
			return err
		}
	}
	fmt.Printf("release: signed; minisign -Vm %s -P %s verifies that\n", sumsFile, key.Public())
	return nil
}

// readSignKey reads a secret key of minisign.
func readSignKey(file string) (key minisign.PrivateKey, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return key, err
	}
	if !minisign.IsEncrypted(text) {
		err = key.UnmarshalText(text)
	} else if password := os.Getenv(passwordVariable); password == "" {
		return key, fmt.Errorf("%s is kept under a password: set %s", file, passwordVariable)
	} else {
		key, err = minisign.DecryptKey(password, text)
	}
	if err != nil {
		return key, fmt.Errorf("%s is no secret key of minisign, or %s is not its password: %w", file, passwordVariable, err)
	}
	return key, nil
}

// sign writes the signature of a file. What it says beside is signed, too, and the same for the same
// source.
func (s settings) sign(key minisign.PrivateKey, name string) error {
	content, err := os.ReadFile(filepath.Join(s.Out, name))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no %s: take the steps before, or all", name)
	} else if err != nil {
		return err
	}
	reader := minisign.NewReader(bytes.NewReader(content)) // hashes first, as minisign has since 0.6
	if _, err := io.Copy(io.Discard, reader); err != nil {
		return err
	}
	trusted := fmt.Sprintf("%s of %s %s, commit %s, timestamp:%s", name, Name, s.Version, cmp.Or(s.Commit, "unknown"), s.epoch())
	signature := reader.SignWithComments(key, trusted, "signature of "+Name+"'s publisher")
	return os.WriteFile(filepath.Join(s.Out, name+signatureSuffix), signature, 0o644)
}
