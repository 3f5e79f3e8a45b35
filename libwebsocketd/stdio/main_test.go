//go:build unix

package stdio

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"websocketd/libwebsocketd/process"
)

// launcher starts the programs of all tests. It adopts their orphans as the server does,
// so that no test waits for init to collect them.
var launcher *process.Launcher

// TestMain fails the package when a goroutine is left behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(launching{m}) }

// launching is the tests with the launcher around them.
type launching struct{ tests *testing.M }

// Run implements goleak.TestingM.
func (l launching) Run() int {
	var err error
	if launcher, err = process.NewLauncher(process.LauncherOptions{Subreaper: true}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer launcher.Close()
	return l.tests.Run()
}
