package docs

import (
	"regexp"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// What the commands of a page need to be there.
var furniture = map[string]string{
	"greet.sh":           "#!/bin/sh\necho Hello\n",
	"greet.py":           "#!/bin/sh\ncat\n", // that it is Python matters to no command line
	"hello.py":           "#!/bin/sh\ncat\n",
	"words.py":           "#!/bin/sh\ncat\n",
	"tokens":             "ada:0123456789abcdef\n",
	"keys.json":          `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`,
	"public/index.html":  "<h1>Hello</h1>\n",
	"cgi-bin/hi.sh":      "#!/bin/sh\necho\n",
	"bin/npx":            "#!/bin/sh\ncat\n", // which would install something
	"users":              "ada:$2a$04$NYdUiNG56NdzFGUH1J/Fbe4tznm3LVlm716ygBcQGTlIOq1SlkWd.\n",
	"websocketd.toml":    "[program.greet]\ncommand = [\"./greet.sh\"]\n",
	"ecosystem.json":     `{"apps": [{"name": "api", "script": "./greet.sh", "autorestart": false}]}`,
	"scripts/sub/script": "#!/bin/sh\ncat\n",
}

// usage is a line that shows what kinds of command lines there are.
var usage = regexp.MustCompile(`\[|\.\.\.|COMMAND|DIR\b|FILE\b`)

// Every command line of websocketd that stands alone starts a server, on ports and
// an address of the test's.
func TestCommandsStart(t *testing.T) {
	for _, p := range manual(t) {
		for _, b := range p.blocks {
			for i, line := range b.lines {
				if b.language != "" || !strings.HasPrefix(line, "websocketd ") || isClient.MatchString(line) || usage.MatchString(line) {
					continue
				}
				t.Run(p.name+":"+itoa(b.line+i), func(t *testing.T) {
					t.Parallel()
					starts(t, line)
				})
			}
		}
	}
}

func starts(t *testing.T, line string) {
	s := newSession(t)
	for name, text := range furniture {
		put(t, s.file(name), text)
	}
	certificate := harness.NewCertificate(t, s.dir, "cert", "localhost")
	port := harness.FreePort(t)
	line = strings.NewReplacer(
		"--address=0.0.0.0", "--address=127.0.0.1", "=127.0.0.1:9615", "=127.0.0.1:0", "--port=8080", "--port="+itoa(port), "--port=443", "--port="+itoa(port),
		"--redirport=80", "--redirport="+itoa(harness.FreePort(t)), "=key.pem", "="+certificate.Key).Replace(line)
	args := s.arguments(t, line)
	if !strings.Contains(line, "--port=") { // it is in the file
		args = append([]string{"--port=" + itoa(port)}, args...)
	}
	o := harness.Options{Bin: harness.Binary(t), Args: args, Bare: true, Port: port, Dir: s.dir,
		Shell: "PATH=" + s.file("bin") + ":$PATH"}
	for _, tool := range []string{"vmstat"} {
		if strings.Contains(line, tool) {
			harness.Need(t, tool)
		}
	}
	server := o.Start(t)
	server.Signal(t, syscall.SIGTERM)
	if status := server.Wait(t); status != 0 {
		t.Errorf("%s: exit status %d", line, status)
	}
}
