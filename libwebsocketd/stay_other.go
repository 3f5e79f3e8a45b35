//go:build unix && !linux

package libwebsocketd

func newStaying(descriptor, any) source { return nil }
