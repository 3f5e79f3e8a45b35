package record

// Snapshot is what a Log keeps, for another process that goes on with it.
type Snapshot[T any] struct {
	Epoch    string
	Messages uint64 // that were dropped: the first one that is kept has the next number
	Items    []Kept[T]
}

// Kept is an item with the counts that were passed to Append.
type Kept[T any] struct {
	Item            T
	Messages, Bytes int
}

// Snapshot returns what is kept now.
func (l *Log[T]) Snapshot() Snapshot[T] {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Snapshot[T]{Epoch: l.epoch, Messages: l.gone.messages, Items: make([]Kept[T], 0, l.next-l.first)}
	for i := l.first; i < l.next; i++ {
		own := l.at(i).to.minus(l.before(i))
		s.Items = append(s.Items, Kept[T]{l.at(i).item, int(own.messages), int(own.bytes)})
	}
	return s
}

// Restore returns a Log that goes on where the snapshot was taken: with the same epoch, and the same
// numbers.
func Restore[T any](limits Limits, s Snapshot[T]) *Log[T] {
	l := New[T](limits)
	l.epoch = s.Epoch
	l.gone = extent{messages: s.Messages}
	l.all = l.gone
	for _, k := range s.Items {
		l.add(k.Item, extent{uint64(k.Messages), uint64(k.Bytes)})
	}
	return l
}
