package console

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"websocketd/test/harness"
)

// audit holds what the page shows against the rules of axe-core.
func (p *page) audit(what string) {
	p.t.Helper()
	var violations []string
	p.do(chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations.flatMap(({id, help, nodes}) =>
		nodes.map(({html, failureSummary}) => id + ": " + help + ": " + html.slice(0, 200) + " " + failureSummary)))`, &violations,
		func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
	for _, violation := range violations {
		p.t.Errorf("%s: %s", what, violation)
	}
}

// loadAxe loads axe-core into the page.
func (p *page) loadAxe() {
	p.t.Helper()
	harness.Need(p.t, "node:axe")
	axe, err := os.ReadFile(filepath.Join(harness.ClientsDir(), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.do(chromedp.Evaluate(string(axe), nil))
}

// show shows the page at a width, in a scheme of colours, with nothing on its way to another one.
func (p *page) show(width int64, scheme string) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, 667), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
}

// testToolsLook: the tools, one of them with its result, and a question break no rule of
// axe-core, wide and narrow, light and dark; and all fits into the width of a phone.
func testToolsLook(t *testing.T, browser context.Context, _ *harness.Server) {
	p := openTools(t, browser, everything(t), "2025-11-25")
	p.loadAxe()
	looks := func(what string) {
		t.Helper()
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{1280, 375} {
				p.show(width, scheme)
				p.audit(fmt.Sprintf("%s, %s, %d wide", what, scheme, width))
				for _, e := range []string{"document.documentElement", "log", `$("mcp")`, `$("ask")`} {
					if over := eval[int](p, fmt.Sprintf("%s.scrollWidth - %s.clientWidth", e, e)); over > 0 {
						t.Errorf("%s, %d wide: %s is %d pixels too wide", what, width, e, over)
					}
				}
				brightness := keepPicture(t, p, fmt.Sprintf("mcp-%s-%s-%d", what, scheme, width))
				if what != "question" && (scheme == "light" && brightness < 200 || scheme == "dark" && brightness > 60) {
					t.Errorf("%s: mean brightness %d in %s", what, brightness, scheme)
				}
			}
		}
	}
	looks("list")
	p.useTool("test_multiple_content_types", nil)
	eval[any](p, `document.querySelector("#outcome details").open = true`)
	p.until(`document.querySelector("#outcome details .json") !== null`)
	looks("result")
	if height := eval[int](p, `Math.min(log.clientHeight, $("mcp").clientHeight)`); height < 120 {
		t.Errorf("only %d pixels are left on a phone", height)
	}
	p.fillTool("json_schema_2020_12_tool", nil)
	looks("form")
	p.fillTool("test_elicitation", nil)
	p.keys("what is your name?\r")
	p.until(`$("ask").open`)
	looks("question")
	p.keys(kb.Escape)
}

// testToolsByKeyboard: each part is reached by keyboard, and the focus is never lost.
func testToolsByKeyboard(t *testing.T, browser context.Context, _ *harness.Server) {
	p := openTools(t, browser, everything(t), "")
	for range 3 {
		p.keys("\t")
	}
	name := eval[string](p, `document.activeElement.querySelector("b").textContent`)
	p.keys("\r")
	p.until(fmt.Sprintf(`$("toolname").textContent === %q && $("toolform").contains(document.activeElement)`, name))
	p.keys("\t", input.ModifierShift)
	p.until(`document.activeElement === $("toolback")`)
	p.keys("\r")
	p.until(fmt.Sprintf(`!$("toollist").hidden && document.activeElement.querySelector("b")?.textContent === %q`, name))
	p.focus("log")
	p.keys("l")
	p.until(`$("mcp").hidden && log.getBoundingClientRect().left === 0 && $("toolbutton").ariaPressed === "false"`)
	p.keys("l")
	p.until(`!$("mcp").hidden && document.activeElement.matches("#toolitems button")`)
	p.fillTool("test_sampling", nil)
	p.keys("one")
	p.keys("\r", input.ModifierShift)
	p.keys("two")
	if got := eval[string](p, `document.activeElement.value`); got != "one\ntwo" {
		t.Errorf("the field says %q", got)
	}
	p.keys(kb.Escape)
	if got := p.focused(); got != "log" {
		t.Errorf("Escape in a field leads to %q", got)
	}
}

// testToolsExample: the example with three servers on one port, and the picture of the
// documentation.
func testToolsExample(t *testing.T, browser context.Context, _ *harness.Server) {
	harness.Need(t, "python3")
	s := harness.Options{Bin: harness.Binary(t), Args: []string{"--devconsole", "--config=websocketd.toml"}, Dir: filepath.Join(harness.RootDir(), "examples", "mcp")}.Start(t)
	p := openPage(t, browser, s.Addr, "/work")
	p.until(`programs?.length === 3 && programs.every(isMCP) && !$("era").hidden`)
	p.keys("\r")
	p.until(`document.activeElement.matches("#toolitems button")`)
	p.keys("\r")
	p.until(`$("toolform").contains(document.activeElement)`)
	p.keys("three\r")
	p.until(`document.querySelector("#toolform :invalid")?.validationMessage === "This is to be a whole number."`)
	p.fill(p.focused(), "3")
	p.keys("\r")
	p.until(`$("outcome").textContent.startsWith("Result:3 steps are done")`)
	p.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
	keepPicture(t, p, "mcp")
	p.keys(kb.Escape)
	p.keys("o")
	p.until(`$("choice").open`)
	eval[any](p, `[...document.querySelectorAll("#choices button")].find(b => b.textContent.startsWith("words")).click()`)
	p.until(`$("status").textContent.startsWith("connected") && location.pathname === "/words" && tools.list[0]?.name === "count_words"`)
	if got := p.useTool("count_words", map[string]string{"text": "a few words"}); got != "Result:" {
		t.Errorf("outcome: %q", got)
	}
}
