package harness

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Skip skips a test because something is missing. It is the only way for a test here
// to skip. The runner lists every skip and fails for one that test/skips.txt does not
// have.
func Skip(t T, lacks, why string) {
	t.Helper()
	t.Skipf("skip: needs %s: %s", lacks, why)
}

// Need skips the test if one of the tools is missing, or fails it if REQUIRE (a comma
// list in the environment) demands the tool. Some tools are parts of others:
// "node:ws", "node:axe", "node:servers", "node:client", "node22:mcp", "python3:websockets" and
// "git:http-backend".
func Need(t T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		err := missing(tool)
		if err == nil {
			continue
		}
		program, _, _ := strings.Cut(tool, ":")
		if Required(program) {
			t.Fatalf("REQUIRE names %s, but: %v (make deps installs it)", program, err)
		}
		Skip(t, tool, err.Error())
	}
}

// Required reports whether REQUIRE names tool.
func Required(tool string) bool {
	for name := range strings.SplitSeq(os.Getenv("REQUIRE"), ",") {
		if strings.TrimSpace(name) == tool {
			return true
		}
	}
	return false
}

func missing(tool string) error {
	switch tool {
	case "node:ws":
		return nodePackages(ClientsDir(), "ws")
	case "node:axe":
		return nodePackages(ClientsDir(), "axe-core")
	case "node:servers":
		return nodePackages(ServersDir(), "ws", "typescript", "typescript-language-server", "@modelcontextprotocol/server-everything")
	case "node:client":
		return nodePackages(ClientDir(), "esbuild", "typescript")
	case "node22":
		return node22().err
	case "node22:mcp":
		return mcpPackages()
	case "python3:websockets":
		_, err := PythonWebsockets()
		return err
	case "git:http-backend":
		dir, err := exec.Command("git", "--exec-path").Output()
		if err == nil {
			_, err = exec.LookPath(filepath.Join(strings.TrimSpace(string(dir)), "git-http-backend"))
		}
		return err
	default:
		_, err := exec.LookPath(tool)
		return err
	}
}

// Has reports whether all of the tools are here, for tests that can do without. A
// tool named by REQUIRE counts as present: its use then fails.
func Has(tools ...string) bool {
	for _, tool := range tools {
		program, _, _ := strings.Cut(tool, ":")
		if missing(tool) != nil && !Required(program) {
			return false
		}
	}
	return true
}
