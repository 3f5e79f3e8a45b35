package cli

import (
	"cmp"
	"fmt"
	"runtime"
)

// Build describes how the command was built, as set by the linker and the compiler.
type Build struct {
	Version string // "" is DEVBUILD
	Info    string // when and from what it was built; "" is --
	License string // text of the licence
}

// name returns the version alone.
func (b Build) name() string { return cmp.Or(b.Version, "DEVBUILD") }

// String returns the version with all that helps to tell two binaries apart.
func (b Build) String() string {
	info := b.Info
	if info == "" {
		info = "--"
	}
	return fmt.Sprintf("%s (%s %s-%s) %s", b.name(), runtime.Version(), runtime.GOOS, runtime.GOARCH, info)
}
