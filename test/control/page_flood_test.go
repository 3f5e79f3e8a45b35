package control

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/memory"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/gorilla/websocket"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

const (
	floodPrograms = 20
	warmEvents    = 20_000  // after which all that the page keeps is full
	floodEvents   = 100_000 // that must leave nothing more
	mostGrowth    = 1 << 20 // bytes: ten for each event
	mostNodeRise  = 500     // elements
)

// standIn passes everything on to a listener, but plays events of its own to who subscribes to
// some.
func standIn(t *testing.T, address string, play func(c *websocket.Conn) error) string {
	t.Helper()
	var playing sync.WaitGroup
	to := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Origin") // its own is another port
		r.Header.Del("Sec-Fetch-Site")
		if r.URL.Path != "/ws" {
			to.ServeHTTP(w, r)
			return
		}
		c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		playing.Add(1)
		defer playing.Done()
		defer c.Close()
		var asked struct{ Data json.RawMessage }
		if c.ReadJSON(&asked) != nil || !strings.HasPrefix(string(asked.Data), "{") || play(c) != nil {
			return
		}
		c.ReadMessage() // until it is gone
	}))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close(); playing.Wait() })
	return s.URL
}

// event returns the nth event of a flood, in the shapes of the document.
func event(n int) string {
	name := fmt.Sprintf("p%d", n%floodPrograms)
	switch n % 5 {
	case 0:
		var all []string
		for i := range floodPrograms {
			all = append(all, fmt.Sprintf(`{"id":%d,"name":"p%d","cpu":%d.5,"memory":%d,"uptime":%d,"restarts":%d,"status":"online"}`, i, i, n%100, n<<10, n, n/100))
		}
		return `{"type":"process_metrics","data":{"processes":[` + strings.Join(all, ",") + `]},"timestamp":"2026-01-02T03:04:05.678Z"}`
	case 1:
		status := []string{"online", "restarting", "starting", "errored"}[n/5%4]
		return fmt.Sprintf(`{"type":"process_status","data":{"id":%d,"name":%q,"status":%q,"pid":%d,"port":null,"previous_status":"starting"}}`, n%floodPrograms, name, status, n)
	case 2:
		return fmt.Sprintf(`{"type":"process_event","data":{"event":"crashed","process":%q,"details":{"pid":%d,"exit_code":%d}}}`, name, n, n)
	case 3:
		return fmt.Sprintf(`{"type":"health_update","data":{"process":%q,"status":"unhealthy","previous_status":"healthy","check_type":"http","details":{"url":"http://localhost/%d","response_time":1,"status_code":%d}}}`, name, n, n)
	}
	return fmt.Sprintf(`{"type":"system_metrics","data":{"cpu":{"usage":%d,"cores":2},"memory":{"total":8589934592,"used":%d,"available":1,"usage_percent":50},"load":{"one":0.1,"five":0.2,"fifteen":0.3}}}`, n%100, n<<10)
}

// TestDashboardMemory: what the page keeps has an end. After 20,000 events its heap and its
// elements do not grow by 100,000 more, nor by 100,000 lines of a log.
func TestDashboardMemory(t *testing.T) {
	t.Parallel()
	programs := "[program.talker]\ncommand = [\"sh\", \"-c\", \"while read -r n; do seq $n; done\"]\nlifetime = \"supervised\"\n"
	for i := range floodPrograms {
		programs += fmt.Sprintf("[program.p%d]\ncommand = [\"cat\"]\nlifetime = \"supervised\"\n", i)
	}
	s := superviseAt(t, programs, "--admin=127.0.0.1:0")
	more := make(chan [2]int, 1)
	at := standIn(t, s.address, func(c *websocket.Conn) error {
		for span := range more {
			for n := span[0]; n < span[1]; n++ {
				if err := c.WriteMessage(websocket.TextMessage, []byte(event(n))); err != nil {
					return err
				}
			}
			last := fmt.Sprintf(`{"type":"process_event","data":{"event":"crashed","process":"<b>p0</b>","details":{"reason":"<b>event %d</b>"}}}`, span[1])
			if err := c.WriteMessage(websocket.TextMessage, []byte(last)); err != nil {
				return err
			}
		}
		return nil
	})
	t.Cleanup(func() { close(more) }) // before the stand-in waits for who plays
	tab, _, closeWindow := browser.Window(t, browser.Start(t))
	t.Cleanup(closeWindow)
	if err := chromedp.Run(tab, chromedp.Navigate(at)); err != nil {
		t.Fatal(err)
	}
	v := &pageView{t: t, tab: tab}
	v.shows("#programs", "p19")
	v.is(`globalThis.heard = 0, hear = (first => message => { heard++; first(message); })(hear), 0`)
	flood := func(from, to int) {
		more <- [2]int{from, to}
		harness.Reaches(t, "events that the page has heard", to, func() int { return int(v.is(`heard`).(float64)) })
		v.shows("#ended", fmt.Sprintf("<b>event %d</b>", to))
	}
	flood(0, warmEvents)
	heap, nodes := v.weighs()
	flood(warmEvents, warmEvents+floodEvents)
	afterHeap, afterNodes := v.weighs()
	t.Logf("heap %d and then %d bytes, %d and then %d nodes", heap, afterHeap, nodes, afterNodes)
	if afterHeap > heap+mostGrowth || afterNodes > nodes+mostNodeRise {
		t.Errorf("the heap grew from %d to %d bytes, the page from %d to %d nodes", heap, afterHeap, nodes, afterNodes)
	}
}

// weighs returns the bytes of the page's heap and the number of its nodes, when what is not
// needed is gone.
func (v *pageView) weighs() (heap, nodes int64) {
	v.t.Helper()
	v.run(chromedp.ActionFunc(func(ctx context.Context) error {
		for range 3 {
			if err := heapprofiler.CollectGarbage().Do(ctx); err != nil {
				return err
			}
		}
		used, _, _, _, err := cdpruntime.GetHeapUsage().Do(ctx)
		if err != nil {
			return err
		}
		heap = int64(used)
		_, nodes, _, err = memory.GetDOMCounters().Do(ctx)
		return err
	}))
	return heap, nodes
}

// TestDashboardLongLog: of a log of any length the newest lines are in the page.
func TestDashboardLongLog(t *testing.T) {
	t.Parallel()
	s := superviseAt(t, "[program.talker]\ncommand = [\"sh\", \"-c\", \"while read -r n; do seq $n; done\"]\nlifetime = \"supervised\"\n", "--admin=127.0.0.1:0")
	tab, _, closeWindow := browser.Window(t, browser.Start(t))
	t.Cleanup(closeWindow)
	if err := chromedp.Run(tab, chromedp.Navigate("http://"+s.address+"/")); err != nil {
		t.Fatal(err)
	}
	v := &pageView{t: t, tab: tab}
	v.shows("#programs", "talker")
	v.is(rowOf)
	v.does("talker", "Log", false)
	v.shows("#link", "live")
	write := func(n int) (heap, nodes int64) {
		before := v.is(lines + `.at(-1) ?? ""`)
		s.tells(t, "talker", fmt.Sprint(n))
		harness.Reaches(t, "the newest line", n, func() int {
			return int(v.is(fmt.Sprintf(`(newest => newest === %q ? 0 : Number(newest))(%s.at(-1) ?? "")`, before, lines)).(float64))
		})
		return v.weighs()
	}
	heap, nodes := write(20_001)
	afterHeap, afterNodes := write(floodEvents)
	t.Logf("heap %d and then %d bytes, %d and then %d nodes", heap, afterHeap, nodes, afterNodes)
	if afterHeap > heap+mostGrowth || afterNodes > nodes+mostNodeRise {
		t.Errorf("the heap grew from %d to %d bytes, the page from %d to %d nodes", heap, afterHeap, nodes, afterNodes)
	}
	if rows := v.is(`document.querySelectorAll("#lines li").length`); rows.(float64) > mostLines {
		t.Errorf("%v lines are in the page", rows)
	}
	if got := v.is(lines + `.slice(-1000).every((text, i, all) => Number(text) === 100001 - all.length + i)`); got != true {
		t.Error("the lines are not the newest, in order")
	}
	harness.Until(t, "nothing waits", func() bool { return v.is(`kept.length <= 2 * mostLines`) == true })
}
