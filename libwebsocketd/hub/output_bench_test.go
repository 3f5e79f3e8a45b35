package hub

import (
	"bytes"
	"strconv"
	"testing"

	"websocketd/libwebsocketd/bridge"
)

// BenchmarkOutput is what a line costs that nobody is subscribed to, in batches as a program
// makes them that writes 64 KiB at once: as messages, and as text.
func BenchmarkOutput(b *testing.B) {
	for _, size := range []int{10, 100, 1000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			ch, err := New(Options{}).Open("process:x", Limits{})
			if err != nil {
				b.Fatal(err)
			}
			var batch []bridge.Message
			written := bytes.Repeat(append(bytes.Repeat([]byte("x"), size), '\n'), (64<<10)/(size+1))
			for line := range bytes.Lines(written) {
				batch = append(batch, bridge.Message{Kind: bridge.Text, Data: line[:size]})
			}
			for name, publish := range map[string]func(){
				"messages": func() { ch.Output("x", batch) }, "text": func() { ch.Lines("x", written) },
			} {
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						publish()
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(batch)), "ns/line")
				})
			}
		})
	}
}
