// Command websocketd makes any program a WebSocket server.
package main

import (
	_ "embed"
	"os"

	"websocketd/internal/cli"
	"websocketd/libwebsocketd/process"
)

var version, buildinfo string // set by the linker: -X main.version=...
//go:embed LICENSE
var license string

func main() {
	process.GuardianMain()
	process.ConfineMain()
	os.Exit(cli.Main(cli.Build{Version: version, Info: buildinfo, License: license}))
}
