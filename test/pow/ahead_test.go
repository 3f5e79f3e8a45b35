package pow

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// A process that was started ahead serves a call without parameters, over WebSocket and over
// HTTP; a call that has some gets one of its own.
func TestStartedAhead(t *testing.T) {
	t.Parallel()
	s := serve(t, shell("p", `echo "$# $PREFORKED"; exec cat`)+"prefork = 1\n")
	ready := func() {
		t.Helper()
		harness.Until(t, "a process is ready", func() bool { return len(s.Children()) == 1 })
	}
	for _, test := range []struct {
		params []string
		says   string
	}{{nil, "0 1\n"}, {[]string{"a"}, "1 \n"}} {
		ready()
		c := begin(t, s, "p", test.params...)
		c.says(t, test.says)
		c.input(t, "x")
		c.control(t, signalClose)
		c.wants(t, "x", null)
		ready()
		a := newAPI(t, s, "/pow/")
		id := a.call("p", test.params...)
		a.expect("POST", "closeInput/"+id, "", 200, "input closed")
		a.fulfilled(id, strings.TrimSuffix(test.says, "\n"))
	}
}

// A call with parameters, for which no process can be started ahead, takes the place of one that
// was and has no client.
func TestPlaceOfStartedAhead(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 2; n++ {
		s := serve(t, shell("p", `read x; echo "$# $x"`)+fmt.Sprintf("prefork = %d\nmaxforks = %d\n", n, n))
		a := newAPI(t, s, "/pow/")
		for range 3 {
			harness.Until(t, "processes are ready", func() bool { return len(s.Children()) == n })
			c := begin(t, s, "p", "a")
			c.input(t, "x\n")
			c.wants(t, "1 x\n", null)
			harness.Until(t, "processes are ready", func() bool { return len(s.Children()) == n })
			id := a.call("p", "a", "b")
			a.expect("POST", "input/"+id, "y\n", 200, "input sent")
			a.fulfilled(id, "2 y")
		}
	}
}

// With preforkrequest the request comes first, before the input of the client.
func TestRequestComesFirst(t *testing.T) {
	t.Parallel()
	s := serve(t, "[program.cat]\ncommand = [\"cat\"]\nprefork = 1\npreforkrequest = true\n")
	check := func(output, rest string) {
		t.Helper()
		first, after, _ := strings.Cut(output, "\n")
		var told map[string]string
		if err := json.Unmarshal([]byte(first), &told); err != nil || told["SCRIPT_NAME"] != "/cat" || after != rest {
			t.Errorf("%q, %v: %v", output, told, err)
		}
	}
	c := open(t, s)
	c.input(t, "early, ")
	c.control(t, message("cat"))
	c.input(t, "late")
	c.control(t, signalClose)
	output, result := c.ends(t)
	if check(output, "early, late"); result != null {
		t.Error(result)
	}
	a := newAPI(t, s, "/pow/")
	id := a.call("cat")
	a.expect("POST", "input/"+id, "x\n", 200, "input sent")
	a.expect("POST", "closeInput/"+id, "", 200, "input closed")
	if end := a.ends(id); end.Buffer == nil || end.Result.Status != "fulfilled" {
		t.Errorf("%+v", end)
	} else {
		check(*end.Buffer, "x")
	}
}
