//go:build unix

package cli

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// worldWritable is the permission of everyone to write.
const worldWritable = 0o002

// distrusted returns why a file may have been written by somebody else than root and this user;
// "" if not.
func distrusted(info fs.FileInfo) string {
	if info.Mode()&worldWritable != 0 {
		return "everyone may write it (chmod o-w)"
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 && int(stat.Uid) != os.Geteuid() {
		return fmt.Sprintf("it belongs to the user %d, not to this one or root", stat.Uid)
	}
	return ""
}
