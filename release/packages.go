package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

// packager is a format of packages, and what differs in it.
type packager struct {
	Name    string
	Service []file            // how the service is started there; Path is below release/
	Zsh     string            // the folder of completions
	Scripts map[string]string // the name of nfpm, and the file below release/package
}

// systemdUnits are the files of systemd.
var systemdUnits = []file{
	{"/usr/lib/systemd/system/websocketd.service", "systemd/websocketd.service", 0o644},
	{"/usr/lib/systemd/system/websocketd@.service", "systemd/websocketd@.service", 0o644},
	{"/usr/lib/systemd/system/websocketd.socket", "systemd/websocketd.socket", 0o644},
	{"/usr/lib/sysusers.d/websocketd.conf", "systemd/websocketd.sysusers", 0o644},
}

// packagers are the formats of a release.
var packagers = []packager{
	{"deb", systemdUnits, "/usr/share/zsh/vendor-completions", map[string]string{"postinstall": "deb/postinst", "preremove": "deb/prerm", "postremove": "deb/postrm"}},
	{"rpm", systemdUnits, "/usr/share/zsh/site-functions", map[string]string{"postinstall": "rpm/postinstall", "preremove": "rpm/preremove", "postremove": "rpm/postremove"}},
	{"apk", []file{{"/etc/init.d/websocketd", "openrc/websocketd", 0o755}}, "/usr/share/zsh/site-functions", map[string]string{"postinstall": "apk/postinstall", "preremove": "apk/preremove"}},
}

// writePackages writes a package of every format for every Linux. nfpm is the tool of go.mod.
func writePackages(s settings) error {
	if err := s.pack(); err != nil {
		return err
	}
	for _, t := range s.linux() {
		for _, p := range packagers {
			config := filepath.Join(s.stage(), t.Arch+"."+p.Name+".yaml")
			if err := s.describe(config, t, p); err != nil {
				return err
			}
			nfpm := exec.Command("go", "tool", "nfpm", "package", "--packager="+p.Name, "--config="+config,
				"--target="+filepath.Join(s.Out, s.base(t)+"."+p.Name))
			nfpm.Dir = filepath.Join(s.Root, "release")
			nfpm.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+s.epoch())
			if out, err := nfpm.CombinedOutput(); err != nil {
				return fmt.Errorf("nfpm, %s for %s: %w: %s", p.Name, t, err, out)
			}
		}
	}
	return nil
}

// stage returns the folder of what is only in packages.
func (s settings) stage() string { return filepath.Join(s.Out, "stage") }

// describe writes what nfpm is told of one package.
func (s settings) describe(config string, t target, p packager) error {
	from := filepath.Join(s.Root, "release", "package")
	form, err := template.New("nfpm.yaml").Funcs(template.FuncMap{"kind": p.kind}).ParseFiles(filepath.Join(from, "nfpm.yaml"))
	if err != nil {
		return err
	}
	scripts, err := s.scripts(from, p)
	if err != nil {
		return err
	}
	files, err := s.installed(t, p)
	if err != nil {
		return err
	}
	return create(config, func(out io.Writer) error {
		return form.Execute(out, map[string]any{
			"Arch": t.Arch + strings.TrimPrefix(t.Level, "sse2"), "Version": s.Version, "Date": s.Date.Format(time.RFC3339),
			"Packager": p.Name, "Maintainer": s.Maintainer, "Homepage": s.Homepage, "Files": files, "Scripts": scripts,
		})
	})
}

// scripts returns copies of a package's scripts that have the time of the source: nfpm puts that of the
// file into an apk.
func (s settings) scripts(from string, p packager) (map[string]string, error) {
	all := make(map[string]string)
	for name, script := range p.Scripts {
		text, err := os.ReadFile(filepath.Join(from, script))
		if err != nil {
			return nil, err
		}
		copied := filepath.Join(s.stage(), "scripts", script)
		if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
			return nil, err
		}
		if err := errors.Join(os.WriteFile(copied, text, 0o755), os.Chtimes(copied, s.Date, s.Date)); err != nil {
			return nil, err
		}
		all[name] = copied
	}
	return all, nil
}

// installed returns every file that a package installs.
func (s settings) installed(t target, p packager) ([]file, error) {
	all := []file{{"/usr/bin/websocketd", s.binary(t), 0o755}}
	for _, f := range p.Service {
		all = append(all, file{f.Name, filepath.Join(s.Root, "release", f.Path), f.Mode})
	}
	all = append(all, file{"/usr/share/doc/websocketd/examples/websocketd.toml", filepath.Join(s.Root, "release", "websocketd.toml"), 0o644})
	documents, err := s.documents()
	if err != nil {
		return nil, err
	}
	for _, f := range documents {
		if name := p.place(f.Name); name != "" {
			all = append(all, file{name, f.Path, f.Mode})
		}
	}
	packed, err := filesBelow(s.stage(), "")
	for _, f := range packed {
		if name := p.place(f.Name); name != "" {
			all = append(all, file{name, f.Path, f.Mode})
		}
	}
	return all, err
}

// place returns where a document, named as in an archive, is installed, "" if it is not.
func (p packager) place(name string) string {
	doc := "/usr/share/doc/websocketd/"
	switch {
	case strings.HasPrefix(name, "man/") && strings.HasSuffix(name, ".gz"):
		section := strings.TrimSuffix(name, ".gz")
		return "/usr/share/man/man" + section[len(section)-1:] + "/" + filepath.Base(name)
	case strings.HasPrefix(name, "completions/"):
		return p.completion(filepath.Base(name))
	case strings.HasPrefix(name, "schema/"):
		return "/usr/share/websocketd/" + filepath.Base(name)
	case name == "README.md":
		return doc + name
	case name == "LICENSE" && p.Name == "rpm":
		return "/usr/share/licenses/websocketd/LICENSE"
	case p.Name == "deb" && name == "overrides":
		return "/usr/share/lintian/overrides/websocketd"
	case p.Name == "deb" && (name == "copyright" || name == "changelog.gz"):
		return doc + name
	}
	return ""
}

// kind returns what rpm is told that a file is, "" if nothing.
func (p packager) kind(name string) string {
	switch {
	case p.Name != "rpm":
		return ""
	case strings.HasPrefix(name, "/usr/share/doc/"), strings.HasPrefix(name, "/usr/share/man/"):
		return "doc"
	case strings.HasPrefix(name, "/usr/share/licenses/"):
		return "license"
	}
	return ""
}

// completion returns where a file of completions is installed, by its name.
func (p packager) completion(name string) string {
	switch shellOf(name) {
	case "fish":
		return "/usr/share/fish/vendor_completions.d/websocketd.fish"
	case "zsh":
		return p.Zsh + "/_websocketd"
	}
	return "/usr/share/bash-completion/completions/websocketd"
}

// pack writes to the stage what a package has in another form than an archive: compressed
// pages, the change log and the licence as Debian wants them.
func (s settings) pack() error {
	if err := os.MkdirAll(filepath.Join(s.stage(), "man"), 0o755); err != nil {
		return err
	}
	pages, err := filesBelow(filepath.Join(s.Root, "release", "man"), "man")
	if err != nil {
		return err
	}
	for _, f := range pages {
		page, err := os.ReadFile(f.Path)
		if err != nil {
			return err
		}
		if err := s.packed(f.Name+".gz", string(page)); err != nil {
			return err
		}
	}
	changes := fmt.Sprintf("%s (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md of the source.\n\n -- %s  %s\n",
		Name, s.debianVersion(), s.Maintainer, s.Date.Format(time.RFC1123Z))
	if err := s.packed("changelog.gz", changes); err != nil {
		return err
	}
	overrides, err := os.ReadFile(filepath.Join(s.Root, "release", "package", "lintian-overrides"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.stage(), "overrides"), overrides, 0o644); err != nil {
		return err
	}
	return s.copyright()
}

// debianVersion returns the version as dpkg compares it: 1.0.0~rc.1 is before 1.0.0.
func (s settings) debianVersion() string { return strings.Replace(s.Version, "-", "~", 1) }

// copyright writes the licence in the form of Debian's machine-readable one.
func (s settings) copyright() error {
	head, err := os.ReadFile(filepath.Join(s.Root, "release", "package", "copyright"))
	if err != nil {
		return err
	}
	licence, err := os.ReadFile(filepath.Join(s.Root, "LICENSE"))
	if err != nil {
		return err
	}
	owner, terms, _ := strings.Cut(string(licence), "\n")
	text := string(head) + "Copyright: " + strings.TrimPrefix(owner, "Copyright (c) ") + "\nLicense: BSD-2-Clause\n"
	for line := range strings.Lines(strings.TrimSpace(terms)) {
		if strings.TrimSpace(line) == "" {
			line = ".\n"
		}
		text += " " + line
	}
	return os.WriteFile(filepath.Join(s.stage(), "copyright"), []byte(text+"\n"), 0o644)
}

// packed writes a compressed text to the stage.
func (s settings) packed(name, text string) error {
	return create(filepath.Join(s.stage(), name), func(out io.Writer) error {
		packed, err := gzip.NewWriterLevel(out, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := packed.Write([]byte(text)); err != nil {
			return err
		}
		return packed.Close()
	})
}
