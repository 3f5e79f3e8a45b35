// Package rows has one check for every known defect of the older tool that
// this server must not have. The number of a row is that of the list in
// reference/websocketd.md, section 17.
//
// Without PEER the checks are tests of our binary. With PEER=/path/to/the/older
// tool each also runs against that one, where it must fail: a check that passes
// there proves nothing. `make rows PEER=..` prints the table.
package rows

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) {
	harness.AtExit(printTable)
	harness.Main(m)
}

// row is one line of the list.
type row struct {
	n      int
	check  func(t harness.T, bin string)
	test   string // what the check shows
	noPeer string // why it cannot run at the older tool
	absent string // why there is no check in this step
	long   bool   // waits for one of the server's own minutes: started first
}

// verdict is one line of the printed table.
type verdict struct {
	row
	peer, ours string
}

var table struct {
	sync.Mutex
	verdicts []verdict
}

func TestRows(t *testing.T) {
	order := slices.Clone(rows)
	slices.SortStableFunc(order, func(a, b row) int { return cmp.Compare(b.minutes(), a.minutes()) })
	for _, r := range order {
		if r.check == nil {
			record(verdict{r, "-", "not in this step: " + r.absent})
			continue
		}
		t.Run(fmt.Sprintf("%02d %s", r.n, r.test), func(t *testing.T) {
			t.Parallel()
			try(t, r)
		})
	}
}

// minutes puts the rows that wait longest first.
func (r row) minutes() int {
	if r.long {
		return 1
	}
	return 0
}

// try checks ours, and at the same time the older tool, if there is one.
func try(t *testing.T, r row) {
	v := verdict{row: r, peer: "not run (no PEER)", ours: "pass"}
	peer := make(chan error, 1)
	if harness.Peer() != "" && r.noPeer == "" {
		go func() {
			peer <- harness.RunProbe(t.Name()+"/peer", func(p harness.T) { r.check(p, harness.Peer()) })
		}()
	} else {
		close(peer)
	}
	defer func() {
		if t.Failed() {
			v.ours = "FAIL"
		} else if t.Skipped() {
			v.ours = "skipped"
		}
		if failure, ran := <-peer; ran && failure == nil {
			v.peer = "PASS"
			t.Errorf("the older tool passes this check, so it shows nothing")
		} else if ran {
			v.peer = "fail: " + failure.Error()
		} else if r.noPeer != "" {
			v.peer = "cannot run: " + r.noPeer
		}
		record(v)
	}()
	r.check(t, harness.PlainBinary(t))
}

func record(v verdict) {
	table.Lock()
	defer table.Unlock()
	table.verdicts = append(table.verdicts, v)
}

func printTable() {
	if harness.Peer() == "" {
		return
	}
	slices.SortStableFunc(table.verdicts, func(a, b verdict) int { return cmp.Compare(a.n, b.n) })
	fmt.Fprintf(os.Stdout, "\n| row | test | peer | ours |\n|---|---|---|---|\n")
	for _, v := range table.verdicts {
		fmt.Fprintf(os.Stdout, "| %d | %s | %s | %s |\n", v.n, v.test, oneLine(v.peer), v.ours)
	}
}

func oneLine(text string) string {
	text = strings.NewReplacer("|", "/", "\n", " ").Replace(text)
	if len(text) > 150 {
		text = text[:150] + ".."
	}
	return strings.ToValidUTF8(text, "?")
}

// rows in the order of the list. A row that stands twice has two checks.
var rows = []row{
	{n: 1, check: lastLine, test: "the unterminated last line of stdout arrives, that of stderr is logged"},
	{n: 2, check: exitWhileSending, test: "20,000 lines arrive though the client keeps sending to a process that does not read"},
	{n: 3, check: lateReader, test: "a client that sent input nobody read and reads late gets everything"},
	{n: 4, check: closedStdin, test: "output after the process closed its stdin arrives"},
	{n: 5, check: neverReads, test: "a client that floods a process that never reads and leaves frees process and slot"},
	{n: 6, check: grandchildren, test: "background children end with the connection"},
	{n: 7, check: gracefulStop, test: "SIGTERM: 1001 to clients, no process left, socket file removed, status 0"},
	{n: 7, check: killedServer, test: "SIGKILL of the server leaves no process"},
	{n: 8, check: endlessLine, test: "an endless line does not grow the server"},
	{n: 9, check: longStderrLine, test: "a long stderr line stops neither stderr nor the process"},
	{n: 10, check: httpoxy, test: "a Proxy header does not become HTTP_PROXY"},
	{n: 11, check: underscoreHeader, test: "X_Forwarded_For does not stand for X-Forwarded-For"},
	{n: 12, check: blockedLog, test: "a blocked stdout of the server does not stop connections"},
	{n: 13, check: hugeFrame, test: "a frame that announces 1 TiB streams to the process"},
	{n: 14, check: deafClient, long: harness.Peer() != "", test: "a client that never reads is cut without any flag"},
	{n: 15, check: halfOpenClient, long: harness.Peer() != "", test: "a client that is gone without a word is cut without any flag"},
	{n: 16, check: closeCodes, test: "the close frame and the log tell how the process ended"},
	{n: 17, check: heldStdout, test: "a background child that holds stdout does not hold the session"},
	{n: 18, check: closedStdout, test: "a process that closed stdout lives until it exits"},
	{n: 19, check: invalidUTF8, test: "text frames are valid UTF-8 both ways"},
	{n: 20, check: launchFailures, test: "what cannot be launched is an HTTP status"},
	{n: 21, check: descriptorLimit, test: "near the descriptor limit: 503 or a working connection"},
	{n: 22, check: oneCleanAnswer, test: "a refused handshake gets one clean answer"},
	{n: 23, check: listHeaders, test: "Upgrade and Connection are lists over all lines"},
	{n: 24, check: http10, test: "an HTTP/1.0 upgrade is refused"},
	{n: 25, check: onePacket, test: "a frame in the handshake's packet is read"},
	{n: 26, check: closeAtOnce, test: "the client's close is not held up by a stubborn process"},
	{n: 27, check: twoCookies, test: "two Cookie lines are joined by a semicolon"},
	{n: 28, check: httpHost, test: "HTTP_HOST is set"},
	{n: 29, check: redirectKeeps, test: "the redirect keeps path and query, IPv6 too, and leads to our own hosts only"},
	{n: 30, check: originForms, test: "origins match in any case, trimmed, null and IPv6 included"},
	{n: 31, check: strangeOrigin, test: "an Origin that does not parse is ignored where every origin is allowed"},
	{n: 32, check: dataIsLife, test: "a client that sends data but no pong lives"},
	{n: 33, check: quietClose, test: "clean closes log no ERROR"},
	{n: 34, check: scriptsAreNoFiles, test: "CGI sources are not served as files"},
	{n: 35, check: prompt, test: "a prompt without newline is there at once, with --framing=raw", noPeer: "it has lines only"},
	{n: 36, check: timeZone, test: "TZ is honoured in the log"},
	{n: 37, check: logEscapes, test: "log fields are escaped"},
	{n: 38, check: scriptEndsWithClient, test: "a CGI script ends with its client, and so does what it started"},
	{n: 39, check: binaryBuffers, test: "100 binary connections that do not read stay small"},
	{n: 40, check: fewWrites, test: "300,000 short lines are written in batches"},
	{n: 41, check: singleFrame, test: "a message over 4 KiB is one frame"},
	{n: 42, check: idleHTTP, long: true, test: "an idle HTTP connection is closed"},
	{n: 43, check: filesAreOnlyRead, test: "dot files are neither listed nor served, and PUT is refused"},
	{n: 44, check: missLoggedOnce, test: "a miss in --dir is logged once"},
}
