package rows

import (
	"os"
	"strings"

	"websocketd/test/harness"
)

// 9
func longStderrLine(t harness.T, bin string) {
	program := `$| = 1; print STDERR "a" x 5000, "\n"; print STDERR "b" x 99, "\n" for 1..2000;
		print STDERR "THE END\n"; print "done\n"`
	s := harness.Start(t, bin, "perl", "-e", program)
	s.Connect(t).Expect(t, "done")
	s.Out.Await(t, "stderr", "THE END")
}

// 12
func blockedLog(t harness.T, bin string) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { r.Close() })
	t.Cleanup(func() { w.Close() })
	program := `$| = 1; print STDERR "noise " x 20, "\n" for 1..3000; while (<STDIN>) { print }`
	s := harness.Options{Bin: bin, Stdout: w, Args: []string{"perl", "-e", program}}.Start(t)
	first := s.Connect(t)
	first.Echo(t, "first")
	second := s.Connect(t)
	second.Echo(t, "second")
	first.Echo(t, "first again")
}

// 36
func timeZone(t harness.T, bin string) {
	if _, err := os.Stat("/usr/share/zoneinfo/Asia/Tokyo"); err != nil {
		harness.Skip(t, "tzdata", err.Error())
	}
	s := harness.Options{Bin: bin, Env: []string{"TZ=Asia/Tokyo"}, Args: []string{"cat"}}.Start(t)
	if line := s.Out.Await(t, "server"); !strings.Contains(line, " +0900 | ") {
		t.Fatalf("the time is not that of Tokyo: %s", line)
	}
}

// 37
func logEscapes(t harness.T, bin string) {
	s := harness.Start(t, bin, "sh", "-c", `printf 'red \033[31m text\n' >&2; echo up`)
	s.Open(t, harness.Handshake("/x'y")).Rest(t)
	s.Out.Await(t, "DISCONNECT")
	stderr := s.Out.Await(t, "red")
	if strings.Contains(stderr, "\033") {
		t.Fatalf("an escape sequence of the program is in the log: %q", stderr)
	}
	if line := s.Out.Await(t, "CONNECT"); strings.Contains(line, "x'y'") {
		t.Fatalf("a quote in the URL ends the field: %s", line)
	}
}

// 44
func missLoggedOnce(t harness.T, bin string) {
	s := harness.Start(t, bin, "--dir="+t.TempDir())
	if c := s.Ask(t, harness.Handshake("/nothing")); c.Status() != 404 {
		t.Fatalf("status %d", c.Status())
	}
	s.Ask(t, harness.Handshake("/another"))
	s.Out.Await(t, "/another")
	if lines := s.Out.With("/nothing"); len(lines) != 1 {
		t.Fatalf("one miss has %d lines in the log", len(lines))
	}
}
