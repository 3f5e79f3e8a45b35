package main

import (
	"cmp"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
)

// The documents of SPDX 2.3, as far as they are filled in:
// https://spdx.github.io/spdx-spec/v2.3/
type (
	spdxDocument struct {
		Version       string             `json:"spdxVersion"`
		License       string             `json:"dataLicense"`
		ID            string             `json:"SPDXID"`
		Name          string             `json:"name"`
		Namespace     string             `json:"documentNamespace"`
		Creation      spdxCreation       `json:"creationInfo"`
		Packages      []spdxPackage      `json:"packages"`
		Relationships []spdxRelationship `json:"relationships"`
	}
	spdxCreation struct {
		Created  string   `json:"created"`
		Creators []string `json:"creators"`
	}
	spdxPackage struct {
		Name      string         `json:"name"`
		ID        string         `json:"SPDXID"`
		Version   string         `json:"versionInfo"`
		Download  string         `json:"downloadLocation"`
		Analyzed  bool           `json:"filesAnalyzed"`
		Concluded string         `json:"licenseConcluded"`
		Declared  string         `json:"licenseDeclared"`
		Copyright string         `json:"copyrightText"`
		Purpose   string         `json:"primaryPackagePurpose"`
		FileName  string         `json:"packageFileName,omitempty"`
		Source    string         `json:"sourceInfo,omitempty"`
		Checksums []spdxChecksum `json:"checksums,omitempty"`
		Refs      []spdxRef      `json:"externalRefs,omitempty"`
	}
	spdxChecksum struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"checksumValue"`
	}
	spdxRef struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	spdxRelationship struct {
		Element string `json:"spdxElementId"`
		Type    string `json:"relationshipType"`
		Related string `json:"relatedSpdxElement"`
	}
)

// writeSBOMs writes, for every binary, what is in it: what the linker has recorded, and no
// list of what might be.
func writeSBOMs(s settings) error {
	for _, t := range s.Targets {
		info, err := buildinfo.ReadFile(s.binary(t))
		if err != nil {
			return err
		}
		document, err := s.sbom(t, info)
		if err != nil {
			return err
		}
		if err := writeJSON(s.sbomFile(t), document); err != nil {
			return err
		}
	}
	return nil
}

// sbomFile returns where the list of a target's binary is.
func (s settings) sbomFile(t target) string { return filepath.Join(s.Out, s.base(t)+".spdx.json") }

// sbom returns the document of one binary: the binary, the modules it was linked from, and
// the standard library.
func (s settings) sbom(t target, info *buildinfo.BuildInfo) (spdxDocument, error) {
	hash, err := hashOf(s.binary(t))
	if err != nil {
		return spdxDocument{}, err
	}
	const self = "SPDXRef-Binary"
	document := spdxDocument{
		Version: "SPDX-2.3", License: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: s.base(t),
		Namespace: s.URL + "/" + s.base(t) + ".spdx.json#" + hash,
		Creation:  spdxCreation{Created: s.Date.Format(time.RFC3339), Creators: []string{"Tool: websocketd-release", "Organization: The websocketd authors"}},
		Packages: []spdxPackage{{
			Name: Name, ID: self, Version: s.Version, Download: s.URL + "/" + s.archive(t), FileName: t.executable(),
			Concluded: "BSD-2-Clause", Declared: "BSD-2-Clause", Copyright: "NOASSERTION", Purpose: "APPLICATION",
			Source: "commit " + cmp.Or(s.Commit, "unknown"), Checksums: []spdxChecksum{{"SHA256", hash}},
		}},
		Relationships: []spdxRelationship{{"SPDXRef-DOCUMENT", "DESCRIBES", self}},
	}
	modules := append([]*debug.Module{{Path: "std", Version: strings.TrimPrefix(info.GoVersion, "go")}}, info.Deps...)
	for i, m := range modules {
		id := fmt.Sprintf("SPDXRef-Module-%d", i)
		document.Packages = append(document.Packages, modulePackage(id, m))
		document.Relationships = append(document.Relationships, spdxRelationship{self, "STATIC_LINK", id})
	}
	return document, nil
}

// modulePackage returns what is said of a module. Its sum in go.sum is no checksum of a file.
func modulePackage(id string, m *debug.Module) spdxPackage {
	if m.Replace != nil {
		m = m.Replace
	}
	name, location := m.Path, "https://"+m.Path
	if m.Path == "std" {
		name, location = "stdlib", "https://go.dev/dl/"
	}
	p := spdxPackage{
		Name: m.Path, ID: id, Version: m.Version, Download: location,
		Concluded: "NOASSERTION", Declared: "NOASSERTION", Copyright: "NOASSERTION", Purpose: "LIBRARY",
		Refs: []spdxRef{{"PACKAGE-MANAGER", "purl", "pkg:golang/" + name + "@" + m.Version}},
	}
	if m.Sum != "" {
		p.Source = "go.sum has " + m.Sum
	}
	return p
}

// writeJSON writes a value for people to read.
func writeJSON(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}
