package harness

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// Main is the TestMain of every test package: it runs the tests, fails if one
// goroutine is left, and removes what was built.
func Main(m *testing.M) {
	flag.Parse()
	// A test here mostly waits for another process. So more of them run at once than
	// there are processors, unless -parallel was given.
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "test.parallel" })
	if !set {
		flag.Set("test.parallel", "6")
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		for _, f := range atExit {
			f()
		}
		os.RemoveAll(scratch())
		os.Exit(code)
	}))
}

var atExit []func()

// AtExit adds a function to call when all tests of the package are done.
func AtExit(f func()) { atExit = append(atExit, f) }

// scratch returns the directory for what this test process builds.
var scratch = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "websocketd-test-")
	if err != nil {
		panic(err)
	}
	return dir
})

// Measured logs a number that is of interest to readers of the test's output. The
// runner (test/gotest) prints these lines also when the test passes.
func Measured(t T, format string, args ...any) {
	t.Helper()
	t.Logf("measured: %s", fmt.Sprintf(format, args...))
}
