package hub

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"maps"
	"slices"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/record"
)

// handedChannel is a channel on its way from one process to another.
type handedChannel struct {
	Name      string
	Limits    Limits
	Used      time.Time
	Record    record.Snapshot[handedItem]
	Status    *handedItem
	StatusSeq uint64
}

// handedItem is an item on its way.
type handedItem struct {
	At            time.Time
	Kind, Process string
	Text          []byte        // lines, each with its end; or else
	Chunk         *bridge.Chunk // messages of any form
	Lines         int           // how many of these there are; 0: it has Data
	Data          []byte
}

// errMoved is what clients are sent with whose channels another server goes on with.
var errMoved = &bridge.CloseWith{Code: bridge.CloseServiceRestart, Reason: "a new server goes on with this channel: come back"}

// Lift returns the channels for a Hub of another process, each for its TakeOver. Until settle is
// called clients get nothing that is published meanwhile: its numbers are the other Hub's, if that
// goes on (taken). Then clients never get it, and the end of Run closes them with 1012. What is sent
// to all clients has no numbers, and goes on. Whoever publishes does not wait. The caller must call
// settle, once.
func (h *Hub) Lift() (channels [][]byte, settle func(taken bool)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	sealed := slices.Collect(maps.Values(h.channels))
	for _, ch := range sealed {
		var data bytes.Buffer
		gob.NewEncoder(&data).Encode(ch.lift()) // of these types there is nothing that cannot be encoded
		channels = append(channels, data.Bytes())
	}
	return channels, func(taken bool) {
		if taken {
			h.moved.Store(true)
			return
		}
		for _, ch := range sealed {
			ch.record.Unseal()
			ch.stir()
		}
	}
}

// forgetAll lets go of what another Hub goes on with, when the last client has left.
func (h *Hub) forgetAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, ch := range h.channels {
		h.removeChannel(ch)
		ch.record.Drop()
	}
}

// lift seals the channel, and returns what is handed over; Hub.mu is held.
func (ch *Channel) lift() *handedChannel {
	ch.publishing.Lock()
	defer ch.publishing.Unlock()
	all := ch.record.Seal()
	to := &handedChannel{Name: ch.name, Limits: *ch.limits.Load(), Used: time.Unix(0, ch.used.Load()), Status: ch.status.pass(), StatusSeq: ch.statusSeq}
	if !ch.isIdle() {
		to.Used = time.Now()
	}
	to.Record.Epoch, to.Record.Messages = all.Epoch, all.Messages
	for _, k := range all.Items {
		to.Record.Items = append(to.Record.Items, record.Kept[handedItem]{Item: *k.Item.pass(), Messages: k.Messages})
	}
	return to
}

// pass returns the item as it is handed over. Its text is a copy: that of an item that is dropped
// may become another's.
func (it *item) pass() *handedItem {
	if it == nil {
		return nil
	}
	to := &handedItem{At: it.at, Kind: it.kind, Process: it.process, Data: it.data}
	if l := it.lines; l != nil {
		to.Text, to.Chunk, to.Lines = bytes.Clone(l.text), l.chunk, l.count
	}
	return to
}

// TakeOver goes on with a channel of another process's Hub, which Lift has returned there: with its
// epoch, its numbers and what is kept of it. A channel that is known already is left as it is, and one
// too many is forgotten. It is called before anything is published. The error is that of encoding/gob.
func (h *Hub) TakeOver(channel []byte) error {
	var from handedChannel
	if err := gob.NewDecoder(bytes.NewReader(channel)).Decode(&from); err != nil {
		return fmt.Errorf("a channel that another server has handed over cannot be read: %w", err)
	}
	if err := CheckChannel(from.Name); err != nil {
		return err
	}
	h.mu.Lock()
	if h.channels[from.Name] == nil && h.makePlace() {
		ch := h.restore(&from)
		h.channels[ch.name] = ch
	}
	h.mu.Unlock()
	h.makeRoomIfFull()
	return nil
}

// restore returns the channel; h.mu is held.
func (h *Hub) restore(from *handedChannel) *Channel {
	all := record.Snapshot[*item]{Epoch: from.Record.Epoch, Messages: from.Record.Messages}
	for i := range from.Record.Items {
		k := &from.Record.Items[i]
		it := k.Item.restore()
		all.Items = append(all.Items, record.Kept[*item]{Item: it, Messages: k.Messages, Bytes: it.size()})
	}
	limits := h.complete(from.Limits)
	ch := h.channelOf(from.Name, record.Restore(limits.ofRecord(), all), limits)
	ch.used.Store(from.Used.UnixNano())
	ch.status, ch.statusSeq = from.Status.restore(), from.StatusSeq
	ch.publishing.Lock()
	defer ch.publishing.Unlock()
	ch.countBytes()
	return ch
}

// restore returns the item.
func (from *handedItem) restore() *item {
	if from == nil {
		return nil
	}
	it := &item{at: from.At, kind: from.Kind, process: from.Process, data: from.Data}
	if from.Lines > 0 {
		it.lines = &lines{text: from.Text, chunk: from.Chunk, count: from.Lines}
	}
	return it
}
