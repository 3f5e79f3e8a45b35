package hub

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Open returns the channel of a name, a new one if there is none. Limits that are not 0 become
// the channel's. It is not forgotten before the caller has called its Close, once. The error is
// about the name.
func (h *Hub) Open(name string, limits Limits) (*Channel, error) {
	if err := CheckChannel(name); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	ch := h.channels[name]
	if ch == nil {
		h.makePlace()
		ch = h.addChannel(name, limits)
	} else if limits != (Limits{}) {
		ch.limit(h.complete(limits))
	}
	ch.opened++
	ch.touch()
	return ch, nil
}

// openFor does what Open does, but a client makes no more channels than there may be.
func (h *Hub) openFor(name string) (*Channel, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ch, err := h.channelFor(name)
	if err == nil {
		ch.opened++
	}
	return ch, err
}

// channelFor returns the channel of a name that a client gives, a new one if there is none and
// may be one more; h.mu is held.
func (h *Hub) channelFor(name string) (*Channel, error) {
	if err := CheckChannel(name); err != nil {
		return nil, err
	}
	ch := h.channels[name]
	if ch == nil {
		if !h.makePlace() {
			return nil, ErrTooManyNames
		}
		ch = h.addChannel(name, Limits{})
	}
	ch.touch()
	return ch, nil
}

// addChannel adds a channel; h.mu is held.
func (h *Hub) addChannel(name string, limits Limits) *Channel {
	ch := h.newChannel(strings.Clone(name), h.complete(limits))
	h.channels[ch.name] = ch
	return ch
}

// complete fills in the defaults of a channel.
func (h *Hub) complete(l Limits) Limits {
	l.Bytes = cmp.Or(l.Bytes, h.Limits.Bytes)
	l.Messages = cmp.Or(l.Messages, h.Limits.Messages)
	l.Age = cmp.Or(l.Age, h.Limits.Age)
	return l
}

// Close lets the channel be forgotten, when all who have opened it have called Close and its
// time is over.
func (ch *Channel) Close() {
	ch.hub.mu.Lock()
	defer ch.hub.mu.Unlock()
	ch.opened--
}

// forget removes channels that have no subscribers, and had no message for long, and drops
// what is too old in the others.
func (h *Hub) forget(now time.Time) {
	since := now.Add(-forgetAfter).UnixNano()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, ch := range h.channels {
		if ch.isIdle() && ch.used.Load() < since {
			h.removeChannel(ch)
		} else {
			ch.expire(now)
		}
	}
	h.all.expire(now)
}

// isIdle reports whether nobody has opened or subscribed to the channel; Hub.mu is held.
func (ch *Channel) isIdle() bool { return ch.opened == 0 && ch.count.Load() == 0 }

// removeChannel forgets a channel; h.mu is held.
func (h *Hub) removeChannel(ch *Channel) {
	delete(h.channels, ch.name)
	ch.publishing.Lock()
	defer ch.publishing.Unlock()
	ch.forgotten = true
	h.held.Add(-ch.bytes)
	ch.bytes = 0
}

// makePlace forgets idle channels until there may be one more, and reports whether there may;
// h.mu is held. It forgets some more at once, because it has to look at all.
func (h *Hub) makePlace() bool {
	if len(h.channels) < h.MaxChannels {
		return true
	}
	idle := h.idle()
	for _, ch := range idle[:min(len(idle), len(h.channels)-h.MaxChannels+1+h.MaxChannels/16)] {
		h.removeChannel(ch)
	}
	return len(h.channels) < h.MaxChannels
}

// idle returns the channels that may be forgotten, the longest idle first; h.mu is held.
func (h *Hub) idle() (all []*Channel) {
	for _, ch := range h.channels {
		if ch.isIdle() {
			all = append(all, ch)
		}
	}
	slices.SortFunc(all, func(a, b *Channel) int { return cmp.Compare(a.used.Load(), b.used.Load()) })
	return all
}

// makeRoomIfFull calls makeRoom if all channels together keep more than they may.
func (h *Hub) makeRoomIfFull() {
	if h.MaxBytes > 0 && h.held.Load() > int64(h.MaxBytes) {
		h.makeRoom()
	}
}

// makeRoom drops what is kept until all channels together keep somewhat less than they may:
// first channels that nobody has subscribed to, the longest idle before others, and then the
// oldest of the largest ones, down to one size.
func (h *Hub) makeRoom() {
	h.mu.Lock()
	defer h.mu.Unlock()
	most := int64(h.MaxBytes - h.MaxBytes/16)
	for _, ch := range h.silent() {
		if h.held.Load() <= most {
			return
		}
		if ch.isIdle() {
			h.removeChannel(ch)
		} else {
			ch.drop(0)
		}
	}
	h.level(most)
}

// level drops the oldest of the largest channels until all of them together keep at most so
// many bytes; h.mu is held.
func (h *Hub) level(most int64) {
	type size struct {
		channel *Channel
		bytes   int64
	}
	sizes := []size{{h.all, h.all.bytesKept()}}
	for _, ch := range h.channels {
		sizes = append(sizes, size{ch, ch.bytesKept()})
	}
	slices.SortFunc(sizes, func(a, b size) int { return cmp.Compare(a.bytes, b.bytes) })
	for i, s := range sizes {
		share := most / int64(len(sizes)-i)
		if s.bytes > share {
			s.channel.drop(share)
		}
		most -= min(s.bytes, share)
	}
}

// silent returns the channels without subscribers, the longest idle first; h.mu is held.
func (h *Hub) silent() (all []*Channel) {
	for _, ch := range h.channels {
		if ch.count.Load() == 0 {
			all = append(all, ch)
		}
	}
	slices.SortFunc(all, func(a, b *Channel) int { return cmp.Compare(a.used.Load(), b.used.Load()) })
	return all
}

// Clients returns the clients that are connected, sorted by their addresses.
func (h *Hub) Clients() []*Client {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]*Client, 0, len(h.clients))
	for c := range h.clients {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *Client) int {
		return cmp.Or(cmp.Compare(a.Remote, b.Remote), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// Channels returns the names of the channels that have subscribers, sorted.
func (h *Hub) Channels() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var names []string
	for name, ch := range h.channels {
		if ch.count.Load() > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// ChannelInfo says what a channel is now.
type ChannelInfo struct {
	Name        string  `json:"name"`
	Subscribers int     `json:"subscribers"`
	First       uint64  `json:"first"` // the messages that are kept; First is Last+1 if there are none
	Last        uint64  `json:"last"`
	Epoch       string  `json:"epoch"`
	Status      *Status `json:"status"` // what the last process_status said; nil before
}

// Infos returns all channels that are known, sorted by their names.
func (h *Hub) Infos() []ChannelInfo {
	h.mu.Lock()
	channels := make([]*Channel, 0, len(h.channels))
	for _, ch := range h.channels {
		channels = append(channels, ch)
	}
	h.mu.Unlock()
	infos := make([]ChannelInfo, 0, len(channels))
	for _, ch := range channels {
		infos = append(infos, ch.info())
	}
	slices.SortFunc(infos, func(a, b ChannelInfo) int { return cmp.Compare(a.Name, b.Name) })
	return infos
}

// info returns what the channel is now.
func (ch *Channel) info() ChannelInfo {
	ch.publishing.Lock()
	defer ch.publishing.Unlock()
	i := ChannelInfo{Name: ch.name, Subscribers: int(ch.count.Load()), Epoch: ch.record.Epoch()}
	i.First, i.Last = ch.record.Kept()
	i.Status = ch.lastStatus()
	return i
}

// Status returns what the last process_status said, nil before.
func (ch *Channel) Status() *Status {
	ch.publishing.Lock()
	defer ch.publishing.Unlock()
	return ch.lastStatus()
}

// lastStatus does what Status does; ch.publishing is held.
func (ch *Channel) lastStatus() *Status {
	var status Status
	if ch.status == nil || json.Unmarshal(ch.status.data, &status) != nil {
		return nil
	}
	return &status
}

// Stats counts what there is in a Hub.
type Stats struct {
	Clients     int `json:"clients"`
	Channels    int `json:"channels"`    // that have subscribers
	Subscribers int `json:"subscribers"` // of all channels together
}

// Stats returns what there is now.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := Stats{Clients: len(h.clients)}
	for _, ch := range h.channels {
		if n := int(ch.count.Load()); n > 0 {
			s.Channels++
			s.Subscribers += n
		}
	}
	return s
}

// ClientCount returns how many clients are connected.
func (h *Hub) ClientCount() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients)
}

// ChannelCount returns how many channels have subscribers.
func (h *Hub) ChannelCount() int { return h.Stats().Channels }

// ChannelSubscriberCount returns how many clients are subscribed to a channel.
func (h *Hub) ChannelSubscriberCount(name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ch := h.channels[name]; ch != nil {
		return int(ch.count.Load())
	}
	return 0
}
