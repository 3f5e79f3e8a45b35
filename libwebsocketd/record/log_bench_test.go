package record

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
)

const (
	benchChunk   = 64 << 10
	benchBatch   = 640 // lines of 100 bytes
	benchReaders = 100
	benchHistory = 16 // chunks
)

type benchLog = Log[*[benchChunk]byte]

// BenchmarkLockstep is the worst case: a chunk is appended when every reader has
// had the last one, so that all of them wait for each.
func BenchmarkLockstep(b *testing.B) {
	var left atomic.Int64
	turn := make(chan struct{}, 1)
	heard := func(_, n int) {
		if left.Add(int64(-n)) == 0 {
			turn <- struct{}{}
		}
	}
	l := newBenchLog()
	benchmark(b, l, heard, func(item *[benchChunk]byte) error {
		left.Store(benchReaders)
		defer func() { <-turn }()
		return l.Append(b.Context(), item, benchBatch, benchChunk)
	})
}

// BenchmarkLossless has a writer that waits for the slowest reader when the
// history is full.
func BenchmarkLossless(b *testing.B) {
	l := newBenchLog()
	l.Hold(0)
	slowest := slowest{had: make([]atomic.Uint64, benchReaders), hold: l.Hold}
	heard := func(reader, n int) { slowest.moved(reader, uint64(n)*benchBatch) }
	benchmark(b, l, heard, func(item *[benchChunk]byte) error {
		return l.Append(b.Context(), item, benchBatch, benchChunk)
	})
}

// BenchmarkFlood has a writer that never waits, and readers that go on with the
// oldest kept chunk when they were too slow.
func BenchmarkFlood(b *testing.B) {
	l := newBenchLog()
	benchmark(b, l, func(_, _ int) {}, func(item *[benchChunk]byte) error {
		return l.Append(b.Context(), item, benchBatch, benchChunk)
	})
}

func newBenchLog() *benchLog {
	return New[*[benchChunk]byte](Limits{Bytes: benchHistory * benchChunk})
}

// benchmark appends chunks; heard is called by a reader that got n of them.
func benchmark(b *testing.B, l *benchLog, heard func(reader, n int), appendOne func(*[benchChunk]byte) error) {
	var delivered atomic.Int64
	var readers sync.WaitGroup
	for reader := range benchReaders {
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		readers.Go(func() {
			delivered.Add(listen(ctx, l, func(n int) { heard(reader, n) }))
		})
	}
	item := new([benchChunk]byte) // what making a chunk costs is not the log's
	b.ReportAllocs()
	for b.Loop() {
		if err := appendOne(item); err != nil {
			b.Fatal(err)
		}
	}
	l.Close(nil)
	readers.Wait()
	seconds := b.Elapsed().Seconds()
	b.ReportMetric(float64(b.N)/seconds, "chunks/s")
	b.ReportMetric(float64(delivered.Load())/seconds, "deliveries/s")
}

// listen reads to the end and counts the entries.
func listen(ctx context.Context, l *benchLog, heard func(n int)) (total int64) {
	r, into := l.From(0), make([]Entry[*[benchChunk]byte], 0, benchHistory)
	for {
		entries, err := r.NextKept(ctx, into)
		if err != nil {
			return total
		}
		total += int64(len(entries))
		heard(len(entries))
	}
}
