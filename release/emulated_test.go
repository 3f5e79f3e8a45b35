package main

import (
	"fmt"
	"os/exec"
	"testing"
)

// TestForeignProcessors has the binaries of other processors serve a client, in an emulator. There is
// no guardian there, and the log says so: the emulator cannot start /proc/self/exe.
func TestForeignProcessors(t *testing.T) {
	t.Parallel()
	s := made(t)
	emulators := map[string]string{"arm64": "qemu-aarch64", "arm": "qemu-arm"}
	for _, target := range s.linux() {
		emulator, ok := emulators[target.Arch]
		if !ok || target == native(t, s) {
			continue
		}
		t.Run(target.Arch, func(t *testing.T) {
			tool, port := need(t, emulator), freePort(t)
			server := exec.Command(tool, s.binary(target), fmt.Sprintf("--port=%d", port), "sh", "-c", `read -r line; echo "got $line"`)
			start(t, server)
			serves(t, port, "/", "from far", "got from far")
			stop(t, server)
		})
	}
}
