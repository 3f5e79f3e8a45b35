package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// sumsFile is the list of all files of a release, as sha256sum(1) writes and checks it.
const sumsFile = "SHA256SUMS"

// sum is a file of the output folder and what it hashes to.
type sum struct{ Name, SHA256 string }

// writeChecksums lists every file that lies directly in the output folder, but for what is
// written of the list.
func writeChecksums(s settings) error {
	entries, err := os.ReadDir(s.Out)
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), signatureSuffix)
		if !entry.Type().IsRegular() || name == sumsFile || name == provenanceFile {
			continue
		}
		hash, err := hashOf(filepath.Join(s.Out, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%s  %s\n", hash, entry.Name())
	}
	return os.WriteFile(filepath.Join(s.Out, sumsFile), []byte(list.String()), 0o644)
}

// readChecksums returns what writeChecksums has written.
func readChecksums(s settings) (all []sum, err error) {
	list, err := os.ReadFile(filepath.Join(s.Out, sumsFile))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(list)) {
		hash, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			return nil, fmt.Errorf("%s: %q is no line of sha256sum", sumsFile, line)
		}
		all = append(all, sum{name, hash})
	}
	return all, nil
}

// hashOf returns the SHA-256 of a file in hexadecimal digits.
func hashOf(name string) (string, error) {
	in, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer in.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, in); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
