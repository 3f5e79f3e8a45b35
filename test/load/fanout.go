package main

import (
	"fmt"
	"slices"

	"websocketd/test/harness"
)

// Measures of one process with many subscribers.
const (
	deliveriesPerSecond = "deliveries/s" // of all subscribers together
	cpuPerDelivery      = "server ns/delivery"
	fewest              = "fewest/mean" // lines of the slowest subscriber, relative to the mean of all
	most                = "most/mean"
	peakMB              = "server peak MB"
)

// The flags of one process for all, and of the rules for slow subscribers that are
// measured. A target that does not know them has one process for each subscriber.
const (
	sharedFlag = "--shared"
	slowFlag   = "--slowclient"
	blockFlag  = slowFlag + "=block"
)

// closeSuffix follows the name of a target that is measured with the default rule.
const closeSuffix = way + "close"

// fanout measures lines of 100 bytes to many subscribers of a child that writes as
// fast as it can. If it is shared, all get the same lines.
func (b *bench) fanout(t target, flags []string, shared bool, conns int) (sample, error) {
	s, err := start(t, flags, b.child("stream", 100)...)
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	p := newPattern(100, asServerFrame)
	f, err := b.openFlood(s, conns, func(c *client, seen func(int64)) (int64, int64, error) {
		check := &check{p: p}
		err := c.subscribe(check, shared, seen)
		return check.lost, check.bad, err
	})
	if err != nil {
		return sample{}, err
	}
	r, each, err := b.readEach(f, s)
	peak, peakErr := harness.StatusNumber(s.pid, "VmHWM")
	found, lostErr := f.close()
	for _, err := range []error{err, peakErr, lostErr} {
		if err != nil {
			return found, err
		}
	}
	found.values[deliveriesPerSecond] = r.rate()
	found.values[cpuPerDelivery] = r.cpuEach()
	found.values[fewest], found.values[most] = extremes(each)
	found.values[peakMB] = number(peak) / 1024
	found.values[clientCores] = r.clientCores()
	return found, nil
}

// subscribe is follow for a child that may be shared: then the output begins with any
// line, one that is still kept or the next.
func (c *client) subscribe(check *check, shared bool, seen func(lines int64)) error {
	if shared {
		line, err := c.message()
		if err != nil {
			return err
		}
		check.join(line)
	}
	return c.follow(check, seen)
}

// readEach is read that also returns how much each connection got meanwhile.
func (b *bench) readEach(f *flood, s *server) (reading, []int64, error) {
	if err := b.pass(b.window / 5); err != nil {
		return reading{}, nil, err
	}
	before := f.each()
	r, err := b.readNow(meter{f.total.Load, s.cpu})
	each := f.each()
	for i := range each {
		each[i] -= before[i]
	}
	return r, each, err
}

// extremes returns the least and the most, relative to the mean.
func extremes(each []int64) (least, most number) {
	var sum int64
	for _, n := range each {
		sum += n
	}
	if sum == 0 {
		return missing, missing
	}
	mean := number(sum) / number(len(each))
	return number(slices.Min(each)) / mean, number(slices.Max(each)) / mean
}

// fanoutFigure compares one process for all with one for each.
func fanoutFigure(conns int) figure {
	flags := []string{sharedFlag, blockFlag}
	return figure{
		name:     fmt.Sprintf("fanout/%d", conns),
		measures: []string{deliveriesPerSecond, cpuPerDelivery, fewest, most, peakMB},
		measure: func(b *bench, t target) (sample, error) {
			if t.shares() {
				return b.fanout(t, flags, true, conns)
			}
			return b.fanout(t, nil, false, conns)
		},
		limit: func(b *bench) (sample, error) { return b.fanout(b.fan(), nil, true, conns) },
		others: func(b *bench, servers []target) (all []participant) {
			for _, t := range servers {
				if t.shares() {
					all = append(all, participant{t.Name + closeSuffix, func() (sample, error) {
						return b.fanout(t, flags[:1], true, conns)
					}})
				}
			}
			return all
		},
	}
}

// shares reports whether the target can have one process for all.
func (t target) shares() bool { return t.Name != peerName && t.knows(slowFlag) }
