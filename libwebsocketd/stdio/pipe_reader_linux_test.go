package stdio

import (
	"testing"

	"golang.org/x/sys/unix"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestWidenOutput: a program that has printed a pipeful at once may run further ahead from
// then on.
func TestWidenOutput(t *testing.T) {
	t.Parallel()
	for script, wide := range map[string]bool{
		"printf one; read line":                false,
		"head -c 1000000 /dev/zero; read line": true,
	} {
		p := start(t, Options{Binary: true}, script)
		raw, err := p.proc.Stdout.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		size := func() (n int) {
			raw.Control(func(fd uintptr) { n, _ = unix.FcntlInt(fd, unix.F_GETPIPE_SZ, 0) })
			return n
		}
		first := size()
		if wide {
			testkit.Eventually(t, "the pipe is full", func() bool {
				unread := 0
				raw.Control(func(fd uintptr) { unread, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
				return unread == first
			})
		}
		for said := 0; said < len("one") || wide && said < 1_000_000; {
			batch, err := p.Receive()
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range batch {
				said += len(m.Data)
			}
		}
		if now := size(); wide != (now > first) {
			t.Errorf("%s: a pipe of %d bytes has %d", script, first, now)
		}
		p.CloseSend(nil)
		p.all(t, bridge.Binary)
	}
}
