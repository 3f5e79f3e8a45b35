package console

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"websocketd/test/harness"
)

// mostNodes is what may be in the page of a log of any length: the rows one
// window can hold, and a few.
const mostNodes = 80

// testFlood: of 20,000 messages only those that can be seen are in the page,
// and the newest is.
func testFlood(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/flood", `addEventListener("load", () => {
		window.most = 0;
		new MutationObserver(() => { most = Math.max(most, document.getElementById("rows").childElementCount); })
			.observe(document.getElementById("rows"), { childList: true });
	});`)
	p.connect()
	p.receives(20_000)
	p.awaitRow("onmessage", "20000")
	if n := eval[int](p, "most"); n == 0 || n > mostNodes {
		t.Errorf("up to %d rows were in the page", n)
	}
	if !eval[bool](p, `(box => { const rows = document.querySelectorAll(".row"), last = rows[rows.length - 1].getBoundingClientRect();
			return last.bottom <= box.bottom + 1 && last.top >= box.top; })(document.getElementById("log").getBoundingClientRect())`) {
		t.Errorf("the newest row is not in sight")
	}
	p.send("alive")
	p.awaitRow("onmessage", "alive")

	// Who reads further up is left alone.
	p.focus("log")
	p.keys(kb.Home)
	p.awaitRow("onmessage", "1")
	p.until(`document.getElementById("log").scrollTop === 0`)
	p.keys("m")
	eval[any](p, `add("onmessage", "comes later")`)
	p.until(`document.getElementById("newest").textContent === "↓ 1 new"`)
	if top := eval[float64](p, `document.getElementById("log").scrollTop`); top != 0 {
		t.Errorf("the log moved to %v under the reader", top)
	}
	p.click("newest")
	p.awaitRow("onmessage", "comes later")

	// The middle can be found and is right.
	eval[any](p, `document.getElementById("log").scrollTop = list.tops[10001]`)
	p.awaitRow("onmessage", "10000")
	eval[any](p, `document.getElementById("filter").value = "17777"; filter()`)
	p.until(`document.querySelectorAll(".row").length === 1`)
	if n := eval[int](p, "most"); n > mostNodes {
		t.Errorf("up to %d rows were in the page", n)
	}
}

// testHeights walks through rows of very different heights: they lie one under
// the other without a gap, and every way leads to its end.
func testHeights(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/long")
	p.connect()
	p.awaitRow("onmessage", "line 129:")
	eval[any](p, `for (let i = 0; i < 100; i++) add("onmessage", i + "\t\u4e2d\u6587 \u{1f600}\n ".repeat(i % 11) + "word ".repeat(i % 50))`)
	p.until(`list.view.length > 220 && !planned && list.follow`)
	p.focus("log")
	for page := 0; !eval[bool](p, "log.scrollTop === 0"); page++ {
		if page > 200 {
			t.Fatalf("PageUp does not lead to the top")
		}
		p.keys(kb.PageUp)
		p.settled()
	}
	p.awaitRow("onmessage", "line 0:")
	if !eval[bool](p, `Math.abs(list.tops.at(-1) - list.view.reduce((sum, row) => sum + heightOf(row), 0)) < 1`) {
		t.Errorf("the heights do not add up")
	}
	if wrong := eval[[]string](p, `list.view.filter(row => guess(row) !== row.height).map(row => guess(row) + " for " + row.height + ": " + row.text.slice(0, 50))`); len(wrong) > 5 {
		t.Errorf("%d heights were guessed wrong:\n%s", len(wrong), strings.Join(wrong, "\n"))
	}
	p.keys(kb.End)
	p.until(`list.follow`)
	p.do(chromedp.EmulateViewport(700, 500)) // other line ends: nothing is known any more
	p.settled()
	p.until("list.follow")
	for range 10 {
		eval[any](p, `log.scrollTop -= 1500`)
		p.settled()
	}
	p.keys(kb.End)
	p.until(`list.follow`)
}

// settled waits until the page has drawn what was asked for, and looks for gaps
// between the rows and for a view that they do not fill.
func (p *page) settled() {
	p.t.Helper()
	p.do(chromedp.Evaluate(`(async () => {
		for (let before = -1; before !== log.scrollTop || planned; ) { // a smooth scroll goes on
			before = log.scrollTop;
			for (let i = 0; i < 4; i++) await new Promise(requestAnimationFrame);
		}
	})()`, nil, func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
	wrong := eval[string](p, `(() => {
		const boxes = [...document.querySelectorAll("#rows .row")].map(r => r.getBoundingClientRect()), box = log.getBoundingClientRect();
		const gap = boxes.findIndex((b, i) => i && Math.abs(b.top - boxes[i - 1].bottom) > .5);
		if (gap > 0) return "a gap above row " + gap;
		return boxes[0].top > box.top + 1 || boxes.at(-1).bottom < box.bottom - 1 ? "rows missing in the view" : "";
	})()`)
	if wrong != "" {
		p.t.Fatal(wrong)
	}
}

// testMemory: whatever comes, paused or not, the page keeps a bounded number of
// rows, and says how many it dropped.
func testMemory(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	eval[any](p, `for (let i = 1; i <= 450000; i++) add("onmessage", "row " + i)`)
	p.awaitRow("onmessage", "row 450000")
	if n := eval[int](p, "rows.list.length"); n > 200_000 || n < 100_000 {
		t.Errorf("%d rows are kept", n)
	}
	p.until(`document.getElementById("status").textContent.includes("dropped to save memory")`)
	if n := eval[int](p, "rows.dropped + waiting.dropped + rows.list.length"); n != 450_000 {
		t.Errorf("%d rows are accounted for", n)
	}
	eval[any](p, `clear(); togglePause(); { const big = "x".repeat(1 << 20); for (let i = 0; i < 500; i++) add("onmessage", big + i); }`)
	if n := eval[int](p, "waiting.size"); n > 64<<20 {
		t.Errorf("%d bytes wait", n)
	}
	eval[any](p, "togglePause()")
	p.until(`rows.list.length > 0 && waiting.list.length === 0`)
	if n := eval[int](p, "rows.size"); n > 64<<20 || n < 32<<20 {
		t.Errorf("%d bytes are kept", n)
	}
}

// receives waits for n messages, as long as more of them come.
func (p *page) receives(n int) {
	p.t.Helper()
	for before := -1; ; {
		now := eval[int](p, "moved.received")
		if now >= n {
			return
		}
		if now == before {
			p.t.Fatalf("only %d of %d messages came", now, n)
		}
		before = now
		harness.Within(harness.Patience(p.t), func() bool { return eval[int](p, "moved.received") != before })
	}
}
