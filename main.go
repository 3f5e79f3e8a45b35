// Command websocketd makes any program a WebSocket server.
package main

import (
	_ "embed"
	"os"

	"websocketd/internal/cli"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/sandbox"
)

var version, buildinfo string // set by the linker: -X main.version=...
//go:embed LICENSE
var license string

func main() {
	process.GuardianMain()
	process.ConfineMain(sandbox.Enter)
	os.Exit(cli.Main(cli.Build{Version: version, Info: buildinfo, License: license}))
}
