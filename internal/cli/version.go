package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"

	"github.com/alecthomas/kong"
)

// Build describes how the command was built, as set by the linker and the compiler.
type Build struct {
	Version string // "" is that of the module, or DEVBUILD
	Info    string // when and from what it was built; "" is --
	License string // text of the licence
}

// name returns the version alone.
func (b Build) name() string {
	version := b.Version
	if info, ok := debug.ReadBuildInfo(); ok && version == "" {
		version = released(info.Main.Version)
	}
	return cmp.Or(version, "DEVBUILD")
}

// String returns the version with all that helps to tell two binaries apart.
func (b Build) String() string {
	info := b.Info
	if info == "" {
		info = "--"
	}
	return fmt.Sprintf("%s (%s %s-%s) %s", b.name(), runtime.Version(), runtime.GOOS, runtime.GOARCH, info)
}

// releaseVersion matches the version of a module that was tagged, as go install gets it.
var releaseVersion = regexp.MustCompile(`^v([0-9]+\.[0-9]+\.[0-9]+)$`)

// released returns the version of a module if it is one of a release; "" if it is not.
func released(version string) string {
	if m := releaseVersion.FindStringSubmatch(version); m != nil {
		return m[1]
	}
	return ""
}

// versionForm is how the version is shown: text, or JSON. As a value of a flag, true is text and
// false is not at all, in the spellings of any switch.
type versionForm string

const (
	versionText versionForm = "true"
	versionJSON versionForm = "json"
)

// IsBool implements kong.BoolMapperValue: the flag needs no value.
func (*versionForm) IsBool() bool { return true }

// Decode implements kong.MapperValue.
func (v *versionForm) Decode(ctx *kong.DecodeContext) error {
	text, err := popString(ctx)
	if err != nil {
		return err
	}
	*v, err = parseVersionForm(text)
	return err
}

// parseVersionForm parses a value of --version.
func parseVersionForm(text string) (versionForm, error) {
	switch on, err := strconv.ParseBool(text); {
	case text == string(versionJSON):
		return versionJSON, nil
	case err != nil:
		return "", errors.New("must be json, true or false")
	case on:
		return versionText, nil
	}
	return "", nil
}

// versionDocument is the version for programs. Its keys stay as they are; those of what is not
// known are left out.
type versionDocument struct {
	Version  string `json:"version"`
	Build    string `json:"build,omitempty"`    // what the linker was told
	Commit   string `json:"commit,omitempty"`   // of the sources
	Date     string `json:"date,omitempty"`     // of that commit, RFC 3339
	Modified *bool  `json:"modified,omitempty"` // the sources differed from it
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// document returns the version for programs, with what the compiler noted in the binary.
func (b Build) document(info *debug.BuildInfo) versionDocument {
	d := versionDocument{Version: b.name(), Build: b.Info, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			d.Commit = s.Value
		case "vcs.time":
			d.Date = s.Value
		case "vcs.modified":
			is := s.Value == "true"
			d.Modified = &is
		}
	}
	return d
}

// version shows the version, and the licence.
func (i invocation) version(form versionForm, license bool) {
	if form == versionJSON {
		info, ok := debug.ReadBuildInfo()
		if !ok {
			info = &debug.BuildInfo{}
		}
		text, _ := json.Marshal(i.build.document(info)) // it has texts only
		fmt.Fprintf(i.stdout, "%s\n", text)
	} else {
		fmt.Fprintln(i.stdout, i.name, i.build)
	}
	if license {
		fmt.Fprintf(i.stdout, "\n%s", i.build.License)
	}
}
