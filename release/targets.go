package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// target is a system to build for.
type target struct {
	OS, Arch string
	Level    string // of the processor: the value of GOARM or GO386, "" where there is none
}

// targets are all systems of a release. ARM processors from version 6 on are served,
// which are those of the first single-board computers; 386 needs SSE2.
var targets = []target{
	{"linux", "amd64", ""},
	{"linux", "arm64", ""},
	{"linux", "arm", "6"},
	{"linux", "386", "sse2"},
	{"darwin", "amd64", ""},
	{"darwin", "arm64", ""},
	{"windows", "amd64", ""},
	{"windows", "arm64", ""},
	{"freebsd", "amd64", ""},
	{"freebsd", "arm64", ""},
}

// String returns the target as Go names it.
func (t target) String() string { return t.OS + "/" + t.Arch }

// env returns the variables that make the compiler build for the target.
func (t target) env() []string {
	all := []string{"GOOS=" + t.OS, "GOARCH=" + t.Arch}
	switch t.Arch {
	case "arm":
		all = append(all, "GOARM="+t.Level)
	case "386":
		all = append(all, "GO386="+t.Level)
	}
	return all
}

// executable returns the name of the command on the target.
func (t target) executable() string {
	if t.OS == "windows" {
		return Name + ".exe"
	}
	return Name
}

// base returns the name of the target's archive without its ending.
func (s settings) base(t target) string {
	return strings.Join([]string{Name, s.Version, t.OS, t.Arch}, "_")
}

// binary returns where the target's executable is.
func (s settings) binary(t target) string {
	return filepath.Join(s.Out, "bin", t.OS+"_"+t.Arch, t.executable())
}

// linux returns the targets for which there are packages and images.
func (s settings) linux() []target {
	return slices.DeleteFunc(slices.Clone(s.Targets), func(t target) bool { return t.OS != "linux" })
}

// chosen returns the targets that a list names, or all for an empty one.
func chosen(list string) ([]target, error) {
	if list == "" {
		return targets, nil
	}
	var all []target
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(targets, func(t target) bool { return t.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("-only=%s: no target %q; there are %v", list, name, targets)
		}
		all = append(all, targets[i])
	}
	return all, nil
}
