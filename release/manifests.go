package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

// manifestForms are the forms of other people's package managers, and what the files are called.
var manifestForms = map[string]string{
	"homebrew.rb": "websocketd.rb",
	"scoop.json":  "websocketd.json",
	"winget.yaml": "websocketd.yaml",
	"flake.nix":   "flake.nix",
}

// manifest is what the forms are filled in with.
type manifest struct {
	settings
	Name      string
	sums      []sum
	documents []file
}

// writeManifests writes, from the checksums, what tells other package managers where to load which
// archive. With -only there is none: they name several systems.
func writeManifests(s settings) error {
	if s.Only != "" {
		fmt.Println("release: no manifests with -only, they are of several systems")
		return nil
	}
	m := manifest{settings: s, Name: Name}
	var err error
	if m.sums, err = readChecksums(s); err != nil {
		return err
	}
	if m.documents, err = s.documents(); err != nil {
		return err
	}
	folder := filepath.Join(s.Out, "manifests")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	functions := template.FuncMap{"upper": strings.ToUpper, "shellOf": shellOf, "completionStanza": func(name string) string { return shellOf(name) + "_completion" }}
	for from, to := range manifestForms {
		form, err := template.New(from).Funcs(functions).ParseFiles(filepath.Join(s.Root, "release", "manifests", from))
		if err != nil {
			return err
		}
		if err := create(filepath.Join(folder, to), func(out io.Writer) error { return form.Execute(out, m) }); err != nil {
			return err
		}
	}
	return nil
}

// Folder returns the name of the folder in an archive.
func (m manifest) Folder(system, arch string) string { return m.base(target{OS: system, Arch: arch}) }

// File returns the name of an archive.
func (m manifest) File(system, arch string) string { return m.archive(target{OS: system, Arch: arch}) }

// Sum returns the SHA-256 of an archive.
func (m manifest) Sum(system, arch string) (string, error) {
	name := m.File(system, arch)
	i := slices.IndexFunc(m.sums, func(s sum) bool { return s.Name == name })
	if i < 0 {
		return "", fmt.Errorf("%s has no %s", sumsFile, name)
	}
	return m.sums[i].SHA256, nil
}

// Documents returns the names of what is below a folder of an archive.
func (m manifest) Documents(prefix string) (all []string) {
	for _, f := range m.documents {
		if strings.HasPrefix(f.Name, prefix) {
			all = append(all, f.Name)
		}
	}
	return all
}

// shellOf returns the shell whose completions are in a file, by its name.
func shellOf(name string) string {
	switch base := filepath.Base(name); {
	case strings.HasPrefix(base, "_"), strings.HasSuffix(base, ".zsh"):
		return "zsh"
	case strings.HasSuffix(base, ".fish"):
		return "fish"
	}
	return "bash"
}
