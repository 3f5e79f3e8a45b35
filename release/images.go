package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// ourFiles are in every image.
func (s settings) ourFiles(t target) []file {
	return []file{
		{"tmp", "", os.ModeDir | os.ModeSticky | 0o777},
		{"usr/bin/websocketd", s.binary(t), 0o755},
		{"usr/share/doc/websocketd/LICENSE", filepath.Join(s.Root, "LICENSE"), 0o644},
	}
}

// writeScratch writes the image that has nothing but the binary: it runs programs that need
// nothing either, and is there to be copied from.
func writeScratch(s settings) error {
	var all []image
	for _, t := range s.linux() {
		platform := ociPlatform{Architecture: t.Arch, OS: t.OS}
		if t.Arch == "arm" {
			platform.Variant = "v" + t.Level
		}
		all = append(all, image{Platform: platform, Files: s.ourFiles(t), Entrypoint: []string{"/usr/bin/websocketd"}, Base: "scratch"})
	}
	return s.writeLayout("scratch", all)
}

// debianNames are the architectures of Debian by those of Go. Its armhf needs a processor of
// version 7.
var debianNames = map[string]string{"amd64": "amd64", "arm64": "arm64", "arm": "armhf", "386": "i386"}

// slimPackages are what the slim image has besides: a shell with its commands, a first process
// that collects what nobody waits for, and the authorities that clients of TLS trust.
var slimPackages = []string{"busybox-static", "tini", "ca-certificates"}

// applets are the commands of the shell that are links to it.
var applets = strings.Fields(`ash awk base64 basename cat chmod cp cut date dd df dirname du echo env expr false find free grep gunzip gzip
	head hostname id kill ln ls md5sum mkdir mkfifo mktemp mv nc nproc od ping printenv printf ps pwd readlink realpath rm rmdir
	sed seq sh sha256sum sleep sort stat stty tail tar tee test timeout top touch tr true tty uname uniq unzip vi wc wget which
	whoami xargs yes`)

// writeSlim writes the image with a shell and an init, from packages of Debian.
func writeSlim(s settings) error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return errors.New("the slim image is made of Debian's packages, and there is no apt-get here; take the other steps by name")
	}
	var all []image
	for _, t := range s.linux() {
		debs, err := s.load(debianNames[t.Arch])
		if err != nil {
			return err
		}
		base, err := s.slimFiles(t, debs)
		if err != nil {
			return err
		}
		platform := ociPlatform{Architecture: t.Arch, OS: t.OS}
		if t.Arch == "arm" {
			platform.Variant = "v7"
		}
		var names []string
		for _, deb := range debs {
			names = append(names, strings.TrimSuffix(filepath.Base(deb), ".deb"))
		}
		all = append(all, image{Platform: platform, Files: append(base, s.ourFiles(t)...), Base: strings.Join(names, " "),
			Entrypoint: []string{"/usr/bin/tini", "--", "/usr/bin/websocketd"}})
	}
	return s.writeLayout("slim", all)
}

// load has apt-get load the packages of an architecture, which checks that they are Debian's, and
// returns their files. What this machine has installed, and which architectures, does not matter.
func (s settings) load(arch string) ([]string, error) {
	folder := filepath.Join(s.Out, "stage", "debian", arch)
	for _, below := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(folder, below), 0o755); err != nil {
			return nil, err
		}
	}
	options := []string{"-q", "-o", "APT::Architecture=" + arch, "-o", "APT::Architectures=" + arch, "-o", "APT::Sandbox::User=",
		"-o", "Acquire::Retries=3", "-o", "Acquire::Languages=none", "-o", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
		"-o", "Dir::State::Lists=" + folder + "/lists", "-o", "Dir::Cache=" + folder + "/cache", "-o", "Dir::State::status=/dev/null"}
	run := func(args ...string) error {
		apt := exec.Command("apt-get", append(options, args...)...)
		apt.Dir = folder
		if out, err := apt.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s for %s: %w: %s", args[0], arch, err, faults(string(out)))
		}
		return nil
	}
	// A list that its server has not finished to write is passed over: the download tells what is missed.
	if err := run("update"); err != nil {
		fmt.Printf("release: slim: not all lists could be had, there may be older packages in it: %v\n", err)
	}
	if err := run(append([]string{"download"}, slimPackages...)...); err != nil {
		return nil, err
	}
	debs, err := filepath.Glob(filepath.Join(folder, "*.deb"))
	if err == nil && len(debs) != len(slimPackages) {
		err = fmt.Errorf("apt-get download for %s: %v, want one file of each of %v", arch, debs, slimPackages)
	}
	return debs, err
}

// faults returns the lines of apt-get that tell what went wrong.
func faults(output string) string {
	var all []string
	for line := range strings.Lines(output) {
		if fault, ok := strings.CutPrefix(line, "E: "); ok {
			all = append(all, strings.TrimSpace(fault))
		}
	}
	return strings.Join(all, "; ")
}

// slimFiles takes from packages what the image needs of them.
func (s settings) slimFiles(t target, debs []string) ([]file, error) {
	folder := filepath.Join(s.Out, "stage", "slim", t.Arch)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	wanted := map[string]string{"./bin/busybox": "busybox", "./usr/bin/tini-static": "tini"}
	var authorities bytes.Buffer
	for _, deb := range debs {
		err := eachOf(deb, func(name string, content []byte) error {
			if strings.HasPrefix(name, "./usr/share/ca-certificates/mozilla/") {
				authorities.Write(append(bytes.TrimSpace(content), '\n'))
			}
			if wanted[name] == "" {
				return nil
			}
			return os.WriteFile(filepath.Join(folder, wanted[name]), content, 0o755)
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(deb), err)
		}
	}
	trusted := filepath.Join(folder, "ca-certificates.crt")
	users := filepath.Join(folder, "passwd")
	if err := errors.Join(os.WriteFile(trusted, authorities.Bytes(), 0o644),
		os.WriteFile(users, []byte("root:x:0:0:root:/:/bin/sh\nwebsocketd:x:65532:65532::/tmp:/bin/sh\n"), 0o644)); err != nil {
		return nil, err
	}
	all := []file{{"bin/busybox", filepath.Join(folder, "busybox"), 0o755}, {"etc/passwd", users, 0o644},
		{"etc/ssl/certs/ca-certificates.crt", trusted, 0o644}, {"usr/bin/tini", filepath.Join(folder, "tini"), 0o755}}
	for _, applet := range applets {
		all = append(all, file{"bin/" + applet, "busybox", os.ModeSymlink | 0o777})
	}
	slices.SortFunc(all, func(a, b file) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// eachOf calls do with every regular file of a package of Debian, in its order.
func eachOf(deb string, do func(name string, content []byte) error) error {
	plain, err := exec.Command("dpkg-deb", "--fsys-tarfile", deb).Output()
	if err != nil {
		return err
	}
	for archive := tar.NewReader(bytes.NewReader(plain)); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if err := do(header.Name, content); err != nil {
			return err
		}
	}
}
