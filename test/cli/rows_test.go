package cli

import "websocketd/internal/cli"

// flagRows is the table: one row a flag.
var flagRows = map[string]flagRow{
	"port": {kind: cli.KindInt, def: "0", good: intGood, bad: portBad, // the default is 80, which others may use
		env: port(1), flag: port(2), seen: startLine, want: [3]string{"", "127.0.0.1:" + port(1), "127.0.0.1:" + port(2)}},
	"address": {kind: cli.KindList, good: []string{"127.0.0.1", "::1", "[::1]", "localhost"},
		env: "127.0.0.2,127.0.0.3", flag: "127.0.0.4", seen: addresses,
		want: [3]string{"loopback", "127.0.0.2 127.0.0.3", "127.0.0.4"}},
	"unixsocket": {kind: cli.KindString, good: anyText,
		env: "env.sock", flag: "flag.sock", seen: socketLine, want: [3]string{"none", "env.sock", "flag.sock"}},
	"redirport": {kind: cli.KindInt, def: "0", good: intGood, bad: portBad,
		env: port(3), flag: port(4), seen: redirectLine, want: [3]string{"none", port(3), port(4)}},

	"ssl": {kind: cli.KindBool, good: boolGood, bad: boolBad,
		env: "true", flag: "false", seen: plainOrRefused, want: [3]string{"plain", "wants a certificate", "plain"}},
	"sslcert": {kind: cli.KindString, good: anyText, // without --ssl and --sslkey it is refused, once understood
		env: "a.pem", flag: "b.pem", seen: whichCertificate, want: [3]string{"refused", "a", "no match"}},
	"sslkey": {kind: cli.KindString, good: anyText,
		env: "a.key", flag: "b.key", seen: whichKey, want: [3]string{"refused", "a", "no match"}},
	"sslca": {kind: cli.KindString, good: anyText,
		env: "a.pem", flag: "b.pem", seen: whoComesIn, want: [3]string{"all", "a", "b"}},

	"host": {kind: cli.KindNames, good: []string{"", "a", "a,b", " a , b ", "*", "*.a.com"},
		env: "a.example", flag: "b.example", seen: hosts, want: [3]string{"421 421", "404 421", "421 404"}},
	"origin": {kind: cli.KindNames, good: []string{"", "a.com", "https://a.com:1,b.com", "null", "*", "*.a.com", "a.com:*", "https://a.com/"},
		env: "a.example", flag: "b.example", seen: origins, want: [3]string{"403 403", "101 403", "403 101"}},
	"sameorigin": {kind: cli.KindBool, good: boolGood, bad: boolBad,
		env: "true", flag: "false", seen: otherPort, want: [3]string{"101", "403", "101"}},
	"maxforks": {kind: cli.KindInt, def: "1024", good: intGood, bad: intBad,
		env: "1", flag: "2", seen: admitted, want: [3]string{"4", "1", "2"}},
	"maxconns": {kind: cli.KindInt, def: "0", good: intGood, bad: intBad,
		env: "1", flag: "2", seen: connected, want: [3]string{"4", "1", "2"}},
	"maxheader": {kind: cli.KindSize, def: "32KiB", good: historyGood, bad: append([]string{"4", "4095", "1K"}, sizeBad...),
		env: "64K", flag: "8K", seen: longestHeader, want: [3]string{"404 431", "404 404", "431 431"}},
	"maxmemory": {kind: cli.KindSize, def: "256MiB", good: []string{"64K", "1MiB", "2G"}, bad: append([]string{"4", "4096", "63K"}, sizeBad...),
		env: "1MiB", flag: "1G", seen: heldBack, want: [3]string{"taken", "held back", "taken"}},

	"dir": {kind: cli.KindString, good: anyText, // without it a command is needed
		env: "one", flag: "two", seen: script, want: [3]string{"", "one", "two"}},
	// Not with --dir, and not more than --maxforks: main_test.go of the command.
	"prefork": {kind: cli.KindInt, def: "0", good: intGood, bad: intBad,
		env: "1", flag: "2", seen: startedAhead, want: [3]string{"0", "1", "2"}},
	"preforkrequest": {kind: cli.KindBool, good: boolGood, bad: boolBad,
		env: "true", flag: "false", seen: firstLine, want: [3]string{"the client's", "an object", "the client's"}},
	"passenv": {kind: cli.KindNames, good: []string{"", "A", "A,B", " A , B "},
		env: "AAA,BBB", flag: "CCC", seen: passed, want: [3]string{"PATH", "AAA BBB", "CCC"}},
	"reverselookup": {kind: cli.KindBool, good: boolGood, bad: boolBad,
		env: "true", flag: "false", seen: remoteHost, want: [3]string{"127.0.0.1", "localhost", "127.0.0.1"}},
	"once": {kind: cli.KindBool, good: boolGood, bad: boolBad,
		env: "true", flag: "false", seen: endsWith, want: [3]string{"goes on", "ended: 3", "goes on"}},
	"exitwithchild": {kind: cli.KindBool, good: boolGood, bad: boolBad,
		env: "true", flag: "false", seen: endsWith, want: [3]string{"goes on", "ended: 3", "goes on"}},
	"closems": {kind: cli.KindUint, def: "0", good: uintGood, bad: uintBad,
		env: "60000", flag: "1", seen: ladder, want: [3]string{"ended", "still there", "ended"}},

	// The seven below --shared are seen with it.
	"shared": {kind: cli.KindBool, good: boolGood, bad: boolBad,
		env: "true", flag: "false", seen: processesOfTwo, want: [3]string{"2", "1", "2"}},
	"start": {kind: cli.KindChoice, def: "first", good: []string{"first", "eager"}, bad: []string{"", "EAGER", "first,eager", "lazy"},
		env: "eager", flag: "first", seen: startedBefore, want: [3]string{"0", "1", "0"}},
	"linger": {kind: cli.KindTime, def: "0s", good: timeGood, bad: timeBad,
		env: "1h", flag: "1ms", seen: lingers, want: [3]string{"ended", "still there", "ended"}},
	"input": {kind: cli.KindChoice, def: "all", good: []string{"all", "first", "none"}, bad: []string{"", "ALL", "last", "true"},
		env: "none", flag: "first", seen: whoIsHeard, want: [3]string{"all", "none", "first"}},
	"slowclient": {kind: cli.KindChoice, def: "close", good: []string{"close", "drop", "block"}, bad: []string{"", "Drop", "wait", "close,drop"},
		env: "drop", flag: "block", seen: slowClient, want: [3]string{"close", "drop", "block"}},
	"history": {kind: cli.KindSize, def: "1MiB", good: historyGood, bad: append([]string{"4", "4095", "1K"}, sizeBad...),
		env: "4MiB", flag: "256K", seen: keptForLater, want: [3]string{"1MiB", "4MiB", "256K"}},
	"restart": {kind: cli.KindChoice, def: "never", good: []string{"never", "on-failure", "always"}, bad: []string{"", "true", "onfailure", "ALWAYS"},
		env: "always", flag: "on-failure", seen: followed, want: [3]string{"never", "always", "on-failure"}},
	"watch": {kind: cli.KindBool, good: boolGood, bad: boolBad,
		env: "true", flag: "false", seen: changedProgram, want: [3]string{"goes on", "another", "goes on"}},

	"config": {kind: cli.KindString, good: anyText, // that there is no such file is told when it is read: config.txtar
		env: "one.toml", flag: "two.toml", seen: configured, want: [3]string{"no file", "one", "two"}},
	"checkconfig": {kind: cli.KindBool, good: boolGood, bad: boolBad},
	"staticdir": {kind: cli.KindString, good: anyText,
		env: "one", flag: "two", seen: fileServed, want: [3]string{"404", "one", "two"}},
	"cgidir": {kind: cli.KindString, good: anyText,
		env: "one", flag: "two", seen: cgiServed, want: [3]string{"404", "one", "two"}},
	"devconsole": {kind: cli.KindBool, good: boolGood, bad: boolBad,
		env: "true", flag: "false", seen: page, want: [3]string{"text/plain", "text/html", "text/plain"}},

	"preset": {kind: cli.KindChoice, def: "none", good: []string{"none", "mcp", "lsp"}, bad: []string{"", "MCP", "mcp,lsp", "x"},
		env: "mcp", flag: "lsp", seen: presetSeen, want: [3]string{"none", "mcp", "lsp"}},
	"framing": {kind: cli.KindChoice, def: "line", good: []string{"line", "raw", "null", "length", "lsp", "ndjson"}, bad: []string{"", "LINE", "lines", "raw,null"},
		env: "null", flag: "raw", seen: framingSeen, want: [3]string{"line", "null", "raw"}},
	"newlines": {kind: cli.KindChoice, def: "pass", good: []string{"pass", "escape", "reject"}, bad: []string{"", "drop", "Pass"},
		env: "escape", flag: "reject", seen: newlinesSeen, want: [3]string{"pass", "escape", "reject"}},
	"binary": {kind: cli.KindBool, good: boolGood, bad: boolBad,
		env: "true", flag: "false", seen: kindOfMessage, want: [3]string{"text", "binary", "text"}},
	"stderr": {kind: cli.KindChoice, def: "log", good: []string{"log", "tag", "merge", "discard"}, bad: []string{"", "both", "LOG", "log,tag"},
		env: "merge", flag: "discard", seen: stderrMode, want: [3]string{"log", "merge", "discard"}},
	"passstderr": {kind: cli.KindBool, good: boolGood, bad: boolBad,
		env: "true", flag: "false", seen: stderrMode, want: [3]string{"log", "tag", "log"}},
	"maxline": {kind: cli.KindSize, def: "1MiB", good: sizeGood, bad: append([]string{"2G"}, sizeBad...),
		env: "64K", flag: "10", seen: longestLine, want: [3]string{"1048576", "65536", "10"}},
	"maxframesize": {kind: cli.KindInt, def: "1048576", good: intGood, bad: intBad,
		env: "10", flag: "0", seen: largestMessage, want: [3]string{"1048576", "10", "unlimited"}},
	"pingms": {kind: cli.KindUint, def: "30000", good: uintGood, bad: uintBad,
		env: "100", flag: "0", seen: pinged, want: [3]string{"silent for a second", "pinged", "silent for a second"}},
	"protocol": {kind: cli.KindNames, good: []string{"", "chat", "chat,mcp", "*"},
		env: "chat", flag: "mcp", seen: protocol, want: [3]string{"none", "chat", "mcp"}},

	"header": {kind: cli.KindList, good: []string{"X-A: b", "X-A:b", "X-A:"}, bad: headerBad,
		env: "X-A: env\nX-B: env", flag: "X-B: flag", seen: headers,
		want: [3]string{"ws[ ] http[ ]", "ws[env env] http[env env]", "ws[ flag] http[ flag]"}},
	"header-ws": {kind: cli.KindList, good: []string{"X-A: b"}, bad: headerBad,
		env: "X-A: env\nX-B: env", flag: "X-B: flag", seen: headers,
		want: [3]string{"ws[ ] http[ ]", "ws[env env] http[ ]", "ws[ flag] http[ ]"}},
	"header-http": {kind: cli.KindList, good: []string{"X-A: b"}, bad: headerBad,
		env: "X-A: env\nX-B: env", flag: "X-B: flag", seen: headers,
		want: [3]string{"ws[ ] http[ ]", "ws[ ] http[env env]", "ws[ ] http[ flag]"}},

	// --loglevel=loud is understood, but refused with status 1: usage.txtar.
	"loglevel": {kind: cli.KindString, def: "access", good: []string{"debug", "trace", "access", "info", "error", "fatal", "none"},
		env: "none", flag: "info", seen: logged, want: [3]string{"info access", "nothing", "info"}},
	"logformat": {kind: cli.KindChoice, def: "text", good: []string{"text", "json"}, bad: []string{"", "xml", "JSON"},
		env: "json", flag: "text", seen: logFormat, want: [3]string{"text", "json", "text"}},

	// These three act and end; version.txtar and help.txtar show what they print.
	// As with Go's flag package, --help=anything is help.
	"help":    {kind: cli.KindBool},
	"version": {kind: cli.KindBool, good: []string{"true", "1"}, bad: boolBad},
	"license": {kind: cli.KindBool, good: []string{"false"}, bad: boolBad},
}
