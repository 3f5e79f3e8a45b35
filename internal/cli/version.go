package cli

import (
	"fmt"
	"runtime"
)

// Build describes how the command was built, as set by the linker and the compiler.
type Build struct {
	Version string // "" is DEVBUILD
	Info    string // when and from what it was built; "" is --
	License string // text of the licence
}

// String returns the version with all that helps to tell two binaries apart.
func (b Build) String() string {
	version, info := b.Version, b.Info
	if version == "" {
		version = "DEVBUILD"
	}
	if info == "" {
		info = "--"
	}
	return fmt.Sprintf("%s (%s %s-%s) %s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, info)
}
