package console

import (
	"context"
	"testing"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// programs are what the pages of these tests talk with, by path.
var programs = map[string]string{
	"echo":   `while IFS= read -r line; do printf '%s\n' "$line"; done`,
	"count":  `for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; done`,
	"three":  `echo "about to fail"; exit 3`,
	"killed": `kill -KILL $$`,
	"flood":  `seq 20000; exec cat`,
	"long":   `i=0; while [ $i -lt 130 ]; do echo "line $i: $(printf '%0*d' $((i * 7 % 900)) 0)"; i=$((i + 1)); done; exec cat`,
	"json":   `echo '{"id":12345678901234567890,"tags":["a","b"],"empty":{}}'; printf 'a\tb\033[2J\033[1;31mbold\033[0m plain\n'; exec cat`,
	"errors": `echo oops >&2; echo "about to fail"; read -r line; echo "$line" >&2; exit 3`,
	"quiet":  `read -r line; exit 4`,
	"crlf":   "#!/bin/sh\r\necho never",
}

// browsers is how many there are for all tests: to start one takes longer than a test
// does.
const browsers = 3

func TestConsole(t *testing.T) {
	free := make(chan context.Context, browsers)
	for range browsers {
		free <- browser.Start(t)
	}
	scripts := harness.Scripts(t, programs)
	for name, test := range map[string]func(*testing.T, context.Context, *harness.Server){
		"ByKeyboard": testByKeyboard, "NoAutoConnect": testNoAutoConnect, "Reconnect": testReconnect,
		"Address": testAddress, "BadAddress": testBadAddress, "LateList": testLateList, "SendUnconnected": testSendUnconnected,
		"Endings": testEndings, "CodesExplained": testCodesExplained,
		"History": testHistory, "Kept": testKept, "NoStorage": testNoStorage,
		"Filter": testFilter, "Pause": testPause, "Clear": testClear, "Save": testSave, "Keys": testKeys,
		"Texts": testTexts, "Binary": testBinary, "BinaryFile": testBinaryFile,
		"Flood": testFlood, "Heights": testHeights, "Memory": testMemory,
		"Ansi": testAnsi, "JSON": testJSON, "Turning": testTurning, "Copy": testCopy, "Links": testLinks, "Command": testCommand, "Highlight": testHighlight,
		"Programs": testPrograms, "Refusals": testRefusals, "Stderr": testStderr, "Subprotocol": testSubprotocol,
		"Token": testToken, "Password": testPassword,
		"Tools": testTools, "Questions": testQuestions, "NoAnswer": testNoAnswer, "ToolsLook": testToolsLook, "ToolsByKeyboard": testToolsByKeyboard,
		"Cancel": testCancel, "Exact": testExact, "SessionEnds": testSessionEnds, "ToolsToken": testToolsToken, "RefusedTools": testRefusedTools, "ToolsCut": testToolsCut, "OldServer": testOldServer, "Greeted": testGreeted, "ToolsExample": testToolsExample, "Form": testForm,
		"Sentences": testSentences, "Session": testSession, "Bytes": testBytes, "Waiting": testWaiting, "Narrow": testNarrow,
		"SessionComesBack": testSessionComesBack, "SharedComesBack": testSharedComesBack, "SupervisedComesBack": testSupervisedComesBack, "Restart": testRestart, "WaitingEnds": testWaitingEnds,
		"ConnectionIsOver": testConnectionIsOver, "Over": testOver, "Bare": testBare, "Blocked": testBlocked, "Unsent": testUnsent,
		"Policy": testPolicy, "Phone": testPhone, "Pictures": testPictures, "Accessible": testAccessible, "Rules": testRules,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chromium := <-free
			t.Cleanup(func() { free <- chromium }) // after its page is closed
			// What a program's log says is shown in every page of that program. A browser that
			// a busy machine keeps from answering for minutes is not to be given up.
			test(t, chromium, harness.Start(t, harness.Binary(t), "--devconsole", "--pingms=0", "--dir="+scripts))
		})
	}
}
