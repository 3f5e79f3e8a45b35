package main

import (
	"strings"
	"testing"
)

// TestPlaces says where a package has what an archive has.
func TestPlaces(t *testing.T) {
	t.Parallel()
	deb, rpm := packagers[0], packagers[1]
	for _, c := range []struct {
		packager     packager
		name, expect string
	}{
		{deb, "man/websocketd.1.gz", "/usr/share/man/man1/websocketd.1.gz"},
		{deb, "man/websocketd.toml.5.gz", "/usr/share/man/man5/websocketd.toml.5.gz"},
		{deb, "man/websocketd.1", ""},
		{deb, "completions/websocketd.bash", "/usr/share/bash-completion/completions/websocketd"},
		{deb, "completions/_websocketd", "/usr/share/zsh/vendor-completions/_websocketd"},
		{rpm, "completions/websocketd.zsh", "/usr/share/zsh/site-functions/_websocketd"},
		{rpm, "completions/websocketd.fish", "/usr/share/fish/vendor_completions.d/websocketd.fish"},
		{rpm, "schema/websocketd.schema.json", "/usr/share/websocketd/websocketd.schema.json"},
		{rpm, "LICENSE", "/usr/share/licenses/websocketd/LICENSE"},
		{deb, "LICENSE", ""},
	} {
		if got := c.packager.place(c.name); got != c.expect {
			t.Errorf("%s: %s is in %q, want %q", c.packager.Name, c.name, got, c.expect)
		}
	}
}

// TestServicesStartWhatIsInstalled reads the units: each starts the file that packages install.
func TestServicesStartWhatIsInstalled(t *testing.T) {
	t.Parallel()
	for _, unit := range systemdUnits[:2] {
		start, ok := directive(t, unit.Path, "ExecStart")
		if command, _, _ := strings.Cut(start, " "); !ok || command != "/usr/bin/websocketd" {
			t.Errorf("%s starts %q", unit.Path, start)
		}
	}
}
