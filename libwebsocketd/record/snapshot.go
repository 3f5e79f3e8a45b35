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
	return l.snapshot()
}

func (l *Log[T]) snapshot() Snapshot[T] {
	s := Snapshot[T]{Epoch: l.epoch, Messages: l.gone.messages, Items: make([]Kept[T], 0, l.next-l.first)}
	for i := l.first; i < l.next; i++ {
		own := l.at(i).to.minus(l.before(i))
		s.Items = append(s.Items, Kept[T]{l.at(i).item, int(own.messages), int(own.bytes)})
	}
	return s
}

// seal is where what Readers get ends.
type seal struct {
	next     uint64 // the item
	messages uint64 // up to there
}

// Seal returns what Snapshot does. From then on, until Unseal, no Reader gets what is appended
// later: the numbers of that are another process's, if one goes on with the Snapshot. It is kept and
// dropped as ever.
func (l *Log[T]) Seal() Snapshot[T] {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seal = &seal{l.next, l.all.messages}
	return l.snapshot()
}

// Unseal ends what Seal began.
func (l *Log[T]) Unseal() {
	l.mu.Lock()
	l.seal = nil
	l.more.strikeAndUnlock(&l.mu)
}

// readable returns the end of what Readers get; l.mu is held.
func (l *Log[T]) readable() seal {
	if l.seal != nil {
		return *l.seal
	}
	return seal{l.next, l.all.messages}
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
