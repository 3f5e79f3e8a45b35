package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"
)

// The documents of the OCI image format 1.1, as far as they are filled in:
// https://github.com/opencontainers/image-spec
type (
	ociDescriptor struct {
		MediaType   string            `json:"mediaType"`
		Digest      string            `json:"digest"`
		Size        int               `json:"size"`
		Platform    *ociPlatform      `json:"platform,omitempty"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
	ociPlatform struct {
		Architecture string `json:"architecture"`
		OS           string `json:"os"`
		Variant      string `json:"variant,omitempty"`
	}
	ociIndex struct {
		Schema      int               `json:"schemaVersion"`
		MediaType   string            `json:"mediaType"`
		Manifests   []ociDescriptor   `json:"manifests"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
	ociManifest struct {
		Schema    int             `json:"schemaVersion"`
		MediaType string          `json:"mediaType"`
		Config    ociDescriptor   `json:"config"`
		Layers    []ociDescriptor `json:"layers"`
	}
	ociConfig struct {
		ociPlatform
		Created string        `json:"created"`
		Config  ociRunConfig  `json:"config"`
		RootFS  ociRootFS     `json:"rootfs"`
		History []ociCreation `json:"history"`
	}
	ociRunConfig struct {
		User         string              `json:"User"`
		ExposedPorts map[string]struct{} `json:"ExposedPorts"`
		Env          []string            `json:"Env"`
		Entrypoint   []string            `json:"Entrypoint"`
		StopSignal   string              `json:"StopSignal"`
		Labels       map[string]string   `json:"Labels"`
	}
	ociRootFS struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	}
	ociCreation struct {
		Created string `json:"created"`
		By      string `json:"created_by"`
	}
)

const (
	mediaIndex    = "application/vnd.oci.image.index.v1+json"
	mediaManifest = "application/vnd.oci.image.manifest.v1+json"
	mediaConfig   = "application/vnd.oci.image.config.v1+json"
	mediaLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// image is what is put into an image of one architecture.
type image struct {
	Platform   ociPlatform
	Files      []file
	Entrypoint []string
	Base       string // of what it is made, besides our own files
}

// layout is a folder of blobs, each named by its hash.
type layout struct {
	settings
	folder string
}

// writeLayout writes images of several architectures as one, in one tar file.
func (s settings) writeLayout(name string, images []image) error {
	l := layout{s, filepath.Join(s.Out, "image", name)}
	if err := os.MkdirAll(l.blobs(), 0o755); err != nil {
		return err
	}
	all := ociIndex{Schema: 2, MediaType: mediaIndex}
	for _, i := range images {
		manifest, err := l.image(i)
		if err != nil {
			return err
		}
		all.Manifests = append(all.Manifests, manifest)
	}
	index, err := l.document(mediaIndex, all)
	if err != nil {
		return err
	}
	index.Annotations = map[string]string{"org.opencontainers.image.ref.name": s.Version}
	if err := writeJSON(filepath.Join(l.folder, "index.json"), ociIndex{Schema: 2, MediaType: mediaIndex, Manifests: []ociDescriptor{index}}); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(l.folder, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644); err != nil {
		return err
	}
	files, err := filesBelow(l.folder, "")
	if err != nil {
		return err
	}
	return create(filepath.Join(s.Out, s.imageFile(name)), func(out io.Writer) error { return writePlainTar(out, files, s.Date) })
}

// imageFile returns the name of an image's file.
func (s settings) imageFile(name string) string {
	return Name + "_" + s.Version + "_" + name + ".oci.tar"
}

func (l layout) blobs() string { return filepath.Join(l.folder, "blobs", "sha256") }

// image writes the blobs of one architecture, and returns what its manifest is.
func (l layout) image(i image) (ociDescriptor, error) {
	var plain bytes.Buffer
	if err := writePlainTar(&plain, i.Files, l.Date); err != nil {
		return ociDescriptor{}, err
	}
	var packed bytes.Buffer
	if err := writeTar(&packed, i.Files, l.Date); err != nil {
		return ociDescriptor{}, err
	}
	layer, err := l.blob(mediaLayer, packed.Bytes())
	if err != nil {
		return layer, err
	}
	config, err := l.document(mediaConfig, l.config(i, digestOf(plain.Bytes())))
	if err != nil {
		return config, err
	}
	manifest, err := l.document(mediaManifest, ociManifest{Schema: 2, MediaType: mediaManifest, Config: config, Layers: []ociDescriptor{layer}})
	manifest.Platform = &i.Platform
	return manifest, err
}

// config returns how an image is run: by a user that is not root, on every address of the
// container, whose ports are nobody's until somebody publishes them.
func (l layout) config(i image, diff string) ociConfig {
	created := l.Date.Format(time.RFC3339)
	return ociConfig{
		ociPlatform: i.Platform,
		Created:     created,
		Config: ociRunConfig{
			User:         "65532:65532",
			ExposedPorts: map[string]struct{}{"8080/tcp": {}},
			Env:          []string{"PATH=/usr/local/bin:/usr/bin:/bin", "WEBSOCKETD_ADDRESS=0.0.0.0", "WEBSOCKETD_PORT=8080"},
			Entrypoint:   i.Entrypoint,
			StopSignal:   "SIGTERM",
			Labels: map[string]string{
				"org.opencontainers.image.title": Name, "org.opencontainers.image.version": l.Version, "org.opencontainers.image.revision": l.Commit,
				"org.opencontainers.image.licenses": "BSD-2-Clause", "org.opencontainers.image.url": l.Homepage, "org.opencontainers.image.base.name": i.Base,
			},
		},
		RootFS:  ociRootFS{"layers", []string{diff}},
		History: []ociCreation{{created, "make -C release"}},
	}
}

// document writes a blob of JSON.
func (l layout) document(mediaType string, value any) (ociDescriptor, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return ociDescriptor{}, err
	}
	return l.blob(mediaType, text)
}

// blob writes a file that is named by its hash.
func (l layout) blob(mediaType string, content []byte) (ociDescriptor, error) {
	digest := digestOf(content)
	err := os.WriteFile(filepath.Join(l.blobs(), digest[len("sha256:"):]), content, 0o644)
	return ociDescriptor{MediaType: mediaType, Digest: digest, Size: len(content)}, err
}

func digestOf(content []byte) string {
	hash := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(hash[:])
}
