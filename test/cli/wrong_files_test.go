package cli

// wrongFiles are configuration files and the first line said about them.
var wrongFiles = map[string]string{
	"[program.a]\ncommand = ./ok.sh\n":                                               `f.toml:2:11: ..; a string stands in quotes: command = ["./ok.sh"]`,
	"[program.a]\ncommand = ./ok.sh arg # x\n":                                       `f.toml:2:11: ..; a string stands in quotes: command = ["./ok.sh", "arg"]`,
	"loglevel = debug\n":                                                             `f.toml:1:12: ..; a string stands in quotes: loglevel = "debug"`,
	"[program.a]\nparams = [\"\\d+\"]\n":                                             `f.toml:2:12: ..; in single quotes a backslash stands for itself: '\d+'`,
	"[program.a]\ncommand = [\"x\", \"it's C:\\users\"]\n":                           `f.toml:2:..; in single quotes a backslash stands for itself, in double quotes write two`,
	"[program.a]\nparams = [\"a\", \"\\\\d\\d\\\"\"] # \"x\"\n":                      `f.toml:2:..; in single quotes a backslash stands for itself: '\d\d"'`,
	"admin = 9615\n[program.a]\ncommand = [\"cat\"]\n":                               `f.toml:1: admin is a number, 9615; write admin = true or "127.0.0.1:9615"`,
	"admin = \"nonsense\"\n[program.a]\ncommand = [\"cat\"]\n":                       `f.toml:1: admin = "nonsense": must be a port, HOST:PORT, [IPV6]:PORT or unix:PATH, like 127.0.0.1:9615`,
	"adminpprof = true\n[program.a]\ncommand = [\"cat\"]\n":                          `f.toml:1: adminpprof is for the listener of admin; write admin = true, or take adminpprof out`,
	"admin = \"[::]:80\"\nadmintoken = \"none\"\n[program.a]\ncommand = [\"cat\"]\n": `f.toml:2: admintoken = "none" lets in whoever reaches admin = "[::]:80", which is not only this machine; ..`,
	"admin = true\nadmintokenfile = \"nosuch\"\n[program.a]\ncommand = [\"cat\"]\n":  `f.toml:2: admintokenfile = "nosuch": ..`,
	"port: 8080\n": "f.toml:1:5: ..; TOML has = where YAML has a colon: port = 8080",
	"[program.a]\ncommand = [\"x\", \"y\"\npath = \"/\"\n": "f.toml:2:11: the array that begins here has no end: ] is missing before line 3",
	"[program.a]\ncommand = [\"x]\n":                       `f.toml:2:12: the string that begins here has no end: " is missing`,
	"[program.a]\ncommand = [\"./noshebang.sh\"]\n":        `f.toml:2: command = ["./noshebang.sh"]: the program ..`,
	"[program.a]\ncommand = [\"./crlf.sh\"]\n":             `f.toml:2: command = ["./crlf.sh"]: the program's first line ends in CR..`,
	"[program.a]\ncommand = [\"./interpreter.sh\"]\n":      `f.toml:2: command = ["./interpreter.sh"]: the interpreter named in the program's first line does not exist..`,
	"[program.a]\ncommand = [\"./ok.sh arg\"]\n":           `f.toml:2: command = ["./ok.sh arg"]: "./ok.sh arg" is one argument with a space in it..`,
}
