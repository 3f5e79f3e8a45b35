package main

import (
	"debug/buildinfo"
	"errors"
	"path/filepath"
	"runtime"
)

// The statement of in-toto, version 1, and its predicate of SLSA, version 1:
// https://slsa.dev/spec/v1.0/provenance
type (
	statement struct {
		Type      string     `json:"_type"`
		Subject   []resource `json:"subject"`
		Kind      string     `json:"predicateType"`
		Predicate predicate  `json:"predicate"`
	}
	resource struct {
		Name   string            `json:"name,omitempty"`
		URI    string            `json:"uri,omitempty"`
		Digest map[string]string `json:"digest,omitempty"`
	}
	predicate struct {
		Definition buildDefinition `json:"buildDefinition"`
		Run        runDetails      `json:"runDetails"`
	}
	buildDefinition struct {
		Type         string            `json:"buildType"`
		External     map[string]string `json:"externalParameters"`
		Internal     map[string]string `json:"internalParameters"`
		Dependencies []resource        `json:"resolvedDependencies"`
	}
	runDetails struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
	}
)

// provenanceFile is what says how all others were made.
const provenanceFile = "provenance.intoto.json"

// writeProvenance states from what, and how, the files of SHA256SUMS were made. The name of
// the builder is the publisher's, and so is the key that signs the statement.
func writeProvenance(s settings) error {
	if s.Commit == "" {
		return errors.New("not a checkout: there is no commit that the files could come from; take the other steps by name")
	}
	sums, err := readChecksums(s)
	if err != nil {
		return err
	}
	all := statement{Type: "https://in-toto.io/Statement/v1", Kind: "https://slsa.dev/provenance/v1"}
	for _, sum := range sums {
		all.Subject = append(all.Subject, resource{Name: sum.Name, Digest: map[string]string{"sha256": sum.SHA256}})
	}
	all.Predicate.Run.Builder.ID = s.Builder
	definition := &all.Predicate.Definition
	definition.Type = s.Homepage + "/make-release/v1"
	definition.External = map[string]string{"version": s.Version, "command": "make -C release all VERSION=" + s.Version}
	definition.Internal = map[string]string{"SOURCE_DATE_EPOCH": s.epoch(), "CGO_ENABLED": "0", "ldflags": s.linkerFlags(), "trimpath": "true"}
	definition.Dependencies, err = s.dependencies()
	if err != nil {
		return err
	}
	return writeJSON(filepath.Join(s.Out, provenanceFile), all)
}

// dependencies returns what went in: the commit, the toolchain, and the modules that are in a
// binary.
func (s settings) dependencies() ([]resource, error) {
	all := []resource{
		{URI: "git+" + s.Homepage, Digest: map[string]string{"gitCommit": s.Commit}},
		{URI: "pkg:golang/stdlib@" + runtime.Version()[len("go"):]},
	}
	info, err := buildinfo.ReadFile(s.binary(s.Targets[0]))
	if err != nil {
		return nil, err
	}
	for _, m := range info.Deps {
		all = append(all, resource{URI: "pkg:golang/" + m.Path + "@" + m.Version, Digest: map[string]string{"goModuleH1": m.Sum}})
	}
	return all, nil
}
