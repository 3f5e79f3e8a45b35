package console

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"websocketd/test/harness"
)

// eras are what the page says of the revisions of MCP, by what chooses one; "" is the server's
// choice.
var eras = map[string]string{"": "MCP 2026-07-28, without a session", "2025-11-25": "MCP 2025-11-25, with a session"}

// openTools shows the tools of an MCP server.
func openTools(t *testing.T, browser context.Context, s *harness.Server, era string) *page {
	t.Helper()
	p := openPage(t, browser, s.Addr, "/")
	p.until(`programs !== null && !$("era").hidden && $("protocols").hidden`)
	p.choose("era", era)
	p.focus("url")
	p.keys("\r")
	p.until(`$("toolitems").children.length > 0 && document.activeElement.matches("#toolitems button")`)
	return p
}

// everything serves the conformance server of the Go SDK, which says hello on standard error.
func everything(t *testing.T, flags ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Binary(t), append(flags, "--devconsole", "--mcp", "sh", "-c", `echo "hello from $$" >&2; exec "$0"`, harness.EverythingServer(t))...)
}

// useTool calls a tool of the list with what the form is given, by name, and waits for what
// comes of it.
func (p *page) useTool(name string, given map[string]string) (outcome string) {
	p.t.Helper()
	p.fillTool(name, given)
	p.keys("\r")
	p.until(`tools.running === null`)
	return eval[string](p, `$("outcome").firstChild.textContent`)
}

// fillTool opens a tool of the list, fills in its form, and leaves the focus there.
func (p *page) fillTool(name string, given map[string]string) {
	p.t.Helper()
	eval[any](p, fmt.Sprintf(`(leaveTool(), [...document.querySelectorAll("#toolitems b")].find(b => b.textContent === %q).closest("button").focus())`, name))
	p.keys("\r")
	p.until(fmt.Sprintf(`!$("tool").hidden && $("toolname").textContent === %q && $("toolform").contains(document.activeElement)`, name))
	for label, text := range given {
		id := eval[string](p, fmt.Sprintf(`[...document.querySelectorAll("#toolform label")].find(l => l.textContent === %q).htmlFor`, label))
		if eval[string](p, fmt.Sprintf(`$(%q).tagName`, id)) == "SELECT" {
			p.choose(id, text)
			continue
		}
		p.focus(id)
		p.fill(id, text)
	}
}

// testTools lists the tools of a server and calls them by keyboard, in each era.
func testTools(t *testing.T, browser context.Context, _ *harness.Server) {
	for era, words := range eras {
		s := everything(t)
		p := openTools(t, browser, s, era)
		if got := eval[string](p, `$("serverwords").textContent`); !strings.HasSuffix(got, words) || !strings.Contains(got, "tools · ") {
			t.Errorf("era %q: %s", era, got)
		}
		p.awaitRow("stderr", "hello from ")
		if got := p.useTool("test_simple_text", nil); got != "Result:" {
			t.Errorf("a text: %q", got)
		}
		if got := eval[string](p, `$("outcome").children[1].textContent`); !strings.Contains(got, "simple text response") {
			t.Errorf("its text: %q", got)
		}
		if got := p.useTool("test_error_handling", nil); got != "The tool says that it has failed:" {
			t.Errorf("a failure: %q", got)
		}
		p.useTool("test_image_content", nil)
		p.until(`document.querySelector("#outcome img").naturalWidth > 0`)
		p.useTool("test_tool_with_progress", nil)
		p.until(`[...document.querySelectorAll(".row .why")].filter(e => e.textContent.startsWith("notifications/progress: ")).length === 3`)
		p.useTool("test_tool_with_logging", nil)
		p.until(`[...document.querySelectorAll(".row .why")].some(e => e.textContent === "notifications/message: info: Tool processing data")`)
		before := eval[int](p, `tools.list.length`)
		p.useTool("test_trigger_tool_change", nil)
		p.until(fmt.Sprintf(`$("toolitems").children.length === %d`, before+1))
		if got := p.useTool("test_x_mcp_header", map[string]string{"region": "Zürich ", "level": "9007199254740993"}); got != "Result:" {
			t.Errorf("an argument that is a header: %q", got)
		}
		p.awaitRow("send", `"arguments":{"region":"Zürich ","level":9007199254740993}`)
		p.focus("log")
		p.keys("d")
		p.until(`$("status").textContent.startsWith("not connected") && $("mcp").hidden && $("toolbutton").hidden`)
		if era == "2025-11-25" {
			harness.Until(t, "the session's process ends", func() bool { return len(s.Children()) == 0 })
		}
	}
}

// testQuestions answers what a server asks during a call, in each era.
func testQuestions(t *testing.T, browser context.Context, _ *harness.Server) {
	for era, tools := range map[string]map[string]string{
		"2026-07-28": {"test_input_required_result_elicitation": "Ann", "test_input_required_result_sampling": "Paris", "test_input_required_result_multi_round": "blue"},
		"2025-11-25": {"test_elicitation": "Ann", "test_sampling": "Paris"},
	} {
		p := openTools(t, browser, everything(t), era)
		for tool, says := range tools {
			p.fillTool(tool, map[string]string{})
			if eval[bool](p, `document.activeElement.tagName === "TEXTAREA"`) {
				p.keys("what?")
			}
			p.keys("\r")
			for range 2 { // one of them asks twice
				p.until(`$("ask").open && document.activeElement.matches("#askfields textarea") && document.activeElement.value === "" || tools.running === null`)
				if eval[bool](p, `tools.running === null`) {
					break
				}
				p.keys(says + "\r")
			}
			p.until(`tools.running === null`)
			if got := eval[string](p, `$("outcome").textContent`); !strings.Contains(got, says) {
				t.Errorf("%s, answered with %s: %q", tool, says, got)
			}
		}
	}
}

// testNoAnswer declines, and turns away, in each era.
func testNoAnswer(t *testing.T, browser context.Context, _ *harness.Server) {
	p := openTools(t, browser, everything(t), "2025-11-25")
	for key, action := range map[string]string{"\t\t\r": "decline", kb.Escape: "cancel"} {
		p.fillTool("test_elicitation", nil)
		p.keys("what?\r")
		p.until(`$("ask").open`)
		p.keys(key)
		p.until(`tools.running === null`)
		p.awaitRow("send", `"result":{"action":"`+action+`"}`)
	}
	p = openTools(t, browser, everything(t), "2026-07-28")
	p.fillTool("test_input_required_result_elicitation", nil)
	p.keys("\r")
	p.until(`$("ask").open`)
	p.keys("\t\t\r")
	p.awaitRow("send", `"inputResponses":{"user_name":{"action":"decline"}}`)
	p.until(`$("ask").open`) // it insists
	p.keys(kb.Escape)
	p.until(`tools.running === null && $("outcome").textContent === "You have left the question open."`)
}

// testForm: what a form makes of a schema, and what it refuses.
func testForm(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	eval[any](p, `window.read = null; window.form = schema => { window.read = makeForm($("toolform"), schema); $("mcp").hidden = $("tool").hidden = false; return $("toolform").children.length }`)
	for _, test := range []struct{ schema, fill, want string }{
		{`{"type":"object"}`, ``, `{}`},
		{`{"properties":{"a":{"type":"string"},"b":{"type":"string"}},"required":["b"]}`, `["", ""]`, `{"b":""}`},
		{`{"properties":{"a":{"type":"string"}}}`, `["\"\\\n\u00fc"]`, `{"a":"\"\\\nü"}`},
		{`{"properties":{"n":{"type":"integer"},"x":{"type":"number"}}}`, `["9007199254740993", "-0.10e5"]`, `{"n":9007199254740993,"x":-0.10e5}`},
		{`{"properties":{"n":{"type":"integer"}}}`, `["1.5"]`, ``},
		{`{"properties":{"n":{"type":"number"}}}`, `["0x1"]`, ``},
		{`{"properties":{"n":{"type":"number"}},"required":["n"]}`, `[""]`, ``},
		{`{"properties":{"b":{"type":"boolean"},"e":{"enum":["x",7,null]}}}`, `["false", "7"]`, `{"b":false,"e":7}`},
		{`{"properties":{"b":{"type":"boolean"},"e":{"enum":["x",7]}},"required":["e"]}`, `["", "\"x\""]`, `{"e":"x"}`},
		{`{"properties":{"l":{"type":"array"},"o":{"type":"object"},"any":{}}}`, `["[1, 12345678901234567890]", "{\"a\": 1}", "null"]`, `{"l":[1, 12345678901234567890],"o":{"a": 1},"any":null}`},
		{`{"properties":{"l":{"type":"array"}}}`, `["{}"]`, ``},
		{`{"properties":{"l":{"type":"array"}}}`, `["[1"]`, ``},
		{`{"properties":{"n":{"anyOf":[{"type":"integer"},{"type":"null"}],"default":null},"s":{"type":["string","null"]}}}`, `["x", ""]`, ``},
		{`{"properties":{"k":{"$ref":"#/$defs/K"}},"$defs":{"K":{"enum":["a","b"]}}}`, `["\"b\""]`, `{"k":"b"}`},
		{`{"properties":{"k":{"$ref":"#/$defs/K"}},"$defs":{"K":{"$ref":"#/$defs/K"}}}`, `["1"]`, `{"k":1}`},
		{`{"properties":{"k":{"oneOf":[{"const":"r","title":"Red"},{"const":"b"}]}}}`, `["\"r\""]`, `{"k":"r"}`},
		{`{"properties":{"s":{"type":"string","default":"d"},"n":{"type":"integer","default":3},"b":{"type":"boolean","default":true},"o":{"type":"object","default":{"a":1}}}}`, `null`, `{"s":"d","n":3,"b":true,"o":{"a":1}}`},
		{`{"additionalProperties":true}`, `["{\"x\": 1}"]`, `{"x": 1}`},
		{`{"additionalProperties":true}`, `["x"]`, ``},
		{`{"properties":{"__proto__":{"type":"string"}}}`, `["x"]`, `{"__proto__":"x"}`},
	} {
		fill := test.fill
		if fill == "" {
			fill = "[]"
		}
		got := eval[string](p, fmt.Sprintf(`(form(JSON.parse(%q)), (%s)?.forEach((text, i) => { $("toolform").querySelectorAll("textarea, select")[i].value = text; }), read() ?? "")`, test.schema, fill))
		if got != test.want {
			t.Errorf("%s with %s: %q, not %q", test.schema, test.fill, got, test.want)
		}
	}
}
