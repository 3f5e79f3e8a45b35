package cli

import (
	"fmt"
	"runtime"
)

// Build is what the linker and the compiler put into the command.
type Build struct {
	Version string // "" is DEVBUILD
	Info    string // when and from what it was built; "" is --
	License string // text of the licence
}

// String is the version with all that helps to tell two binaries apart.
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
