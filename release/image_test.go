package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// unpackedImage unpacks a file of images into a folder.
func unpackedImage(t *testing.T, s settings, name string) string {
	t.Helper()
	folder := t.TempDir()
	run1(t, "tar", "--extract", "--directory="+folder, "--file="+filepath.Join(s.Out, s.imageFile(name)))
	return folder
}

// TestImagesAreWhole follows every digest from the index on: each blob is there, is what its name
// says, and none is left over.
func TestImagesAreWhole(t *testing.T) {
	t.Parallel()
	s := made(t)
	for _, name := range []string{"scratch", "slim"} {
		folder := unpackedImage(t, s, name)
		reached := make(map[string]bool)
		var follow func(name string)
		follow = func(name string) {
			text, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			var document struct {
				Config    ociDescriptor   `json:"config"`
				Manifests []ociDescriptor `json:"manifests"`
				Layers    []ociDescriptor `json:"layers"`
			}
			if err := json.Unmarshal(text, &document); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, d := range append(append(document.Manifests, document.Layers...), document.Config) {
				if d.Digest == "" {
					continue
				}
				blob := "blobs/sha256/" + strings.TrimPrefix(d.Digest, "sha256:")
				content, err := os.ReadFile(filepath.Join(folder, blob))
				if err != nil || digestOf(content) != d.Digest || len(content) != d.Size {
					t.Errorf("%s: %+v is %d bytes of %s, %v", name, d, len(content), digestOf(content), err)
				}
				reached[filepath.Base(blob)] = true
				if strings.Contains(d.MediaType, "index") || strings.Contains(d.MediaType, "manifest") {
					follow(blob)
				}
			}
		}
		follow("index.json")
		blobs, err := os.ReadDir(filepath.Join(folder, "blobs/sha256"))
		if err != nil || len(blobs) != len(reached) || len(reached) != 1+3*len(s.linux()) {
			t.Errorf("%s: %d blobs, %d are reached, for %d architectures; %v", name, len(blobs), len(reached), len(s.linux()), err)
		}
	}
}

// TestImagesRun has umoci unpack the images of this machine, as a container's runtime would, and runs
// each in its folder, as its user: scratch says its version, slim serves what its shell says.
func TestImagesRun(t *testing.T) {
	t.Parallel()
	s := made(t)
	if os.Geteuid() != 0 {
		t.Skip("skip: needs root: only root may change the root folder")
	}
	umoci := need(t, "umoci")
	arch := native(t, s).Arch
	for _, name := range []string{"scratch", "slim"} {
		t.Run(name, func(t *testing.T) {
			folder, bundle := unpackedImage(t, s, name), filepath.Join(t.TempDir(), "bundle")
			one := oneArchitecture(t, folder, arch)
			run1(t, umoci, "unpack", "--image="+one+":"+arch, bundle)
			var spec struct {
				Process struct {
					Args, Env []string
					User      struct{ UID, GID uint32 }
				}
			}
			text, err := os.ReadFile(filepath.Join(bundle, "config.json"))
			if err == nil {
				err = json.Unmarshal(text, &spec)
			}
			if err != nil || spec.Process.User.UID != 65532 {
				t.Fatalf("the image runs %+v, %v", spec, err)
			}
			p, root := spec.Process, filepath.Join(bundle, "rootfs")
			command := func(args ...string) *exec.Cmd {
				return &exec.Cmd{Path: p.Args[0], Args: append(p.Args, args...), Dir: "/tmp", Env: p.Env,
					SysProcAttr: &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: p.User.UID, Gid: p.User.GID}}}
			}
			if out, err := command("--version").CombinedOutput(); err != nil || !strings.Contains(string(out), s.Version) {
				t.Errorf("--version: %q, %v", out, err)
			}
			if name == "slim" {
				if err := os.MkdirAll(filepath.Join(root, "proc"), 0o755); err != nil {
					t.Fatal(err)
				}
				withProc(t, root)
				port := freePort(t)
				server := command(fmt.Sprintf("--port=%d", port), "--address=127.0.0.1", "sh", "-c", `read -r line; echo "$line $(id -u)" | tr a-z A-Z`)
				start(t, server)
				serves(t, port, "/", "slim", "SLIM 65532")
				stop(t, server)
			}
		})
	}
}

// oneArchitecture makes an image of one architecture of one of several, for tools that know no
// others, and returns its folder.
func oneArchitecture(t *testing.T, folder, arch string) string {
	t.Helper()
	var index ociIndex
	text, err := os.ReadFile(filepath.Join(folder, "index.json"))
	if err == nil {
		err = json.Unmarshal(text, &index)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err = os.ReadFile(filepath.Join(folder, "blobs/sha256", strings.TrimPrefix(index.Manifests[0].Digest, "sha256:")))
	if err == nil {
		err = json.Unmarshal(text, &index)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range index.Manifests {
		if d.Platform.Architecture == arch {
			d.Annotations = map[string]string{"org.opencontainers.image.ref.name": arch}
			if err := writeJSON(filepath.Join(folder, "index.json"), ociIndex{Schema: 2, MediaType: mediaIndex, Manifests: []ociDescriptor{d}}); err != nil {
				t.Fatal(err)
			}
			return folder
		}
	}
	t.Fatalf("no image for %s in %s", arch, text)
	return ""
}

// TestImagesAreReadByOthers has skopeo read what there is for each architecture.
func TestImagesAreReadByOthers(t *testing.T) {
	t.Parallel()
	s := made(t)
	skopeo := need(t, "skopeo")
	for _, name := range []string{"scratch", "slim"} {
		for _, target := range s.linux() {
			out := run1(t, skopeo, "inspect", "--override-os=linux", "--override-arch="+target.Arch, "oci-archive:"+filepath.Join(s.Out, s.imageFile(name)))
			var seen struct{ Architecture, Os string }
			if err := json.Unmarshal([]byte(out), &seen); err != nil || seen.Architecture != target.Arch || seen.Os != "linux" {
				t.Errorf("%s for %s: skopeo reads %+v, %v", name, target, seen, err)
			}
		}
	}
}
