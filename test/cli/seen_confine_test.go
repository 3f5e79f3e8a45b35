package cli

import (
	"os"
	"strconv"
	"testing"

	"websocketd/test/harness"
)

// Two users that a process may run as, and the other group: root may have any, others only their own.
var ownUser, otherUser, groupOfProcess = twoUsers()

func twoUsers() (own, other, group string) {
	own = strconv.Itoa(os.Geteuid())
	if os.Geteuid() == 0 {
		return own, "1", "1"
	}
	return own, own, ownGroup
}

// saidBy is what a shell script says first with the options of a row.
func saidBy(t *testing.T, o harness.Options, script string) string {
	t.Helper()
	m, err := with(o, "sh", "-c", script).Start(t).Connect(t).Receive()
	if err != nil {
		t.Fatal(err)
	}
	return string(m.Data)
}

func runsAs(t *testing.T, o harness.Options) string      { return saidBy(t, o, "id -u") }
func runsInGroup(t *testing.T, o harness.Options) string { return saidBy(t, o, "id -g") }
func standsBack(t *testing.T, o harness.Options) string  { return saidBy(t, o, "nice") }
func masks(t *testing.T, o harness.Options) string       { return saidBy(t, o, "umask") }

// limited is which of two limits a process has.
func limited(t *testing.T, o harness.Options) string {
	return saidBy(t, o, `case $(ulimit -n) in 33) echo nofile;; *) case $(ulimit -Hc) in 0) echo core;; *) echo neither;; esac;; esac`)
}

// etc is a script that says whether it may list a directory that no sandbox has.
const etc = "if ls /etc > /dev/null 2>&1; then echo etc; else echo no etc; fi"

func listsEtc(t *testing.T, o harness.Options) string { return saidBy(t, o, etc) }

// listsEtcInside is the same in a sandbox.
func listsEtcInside(t *testing.T, o harness.Options) string {
	o.Args = append([]string{"--sandbox"}, o.Args...)
	return saidBy(t, o, etc)
}
