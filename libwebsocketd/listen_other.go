//go:build !linux

package libwebsocketd

import "net"

// tcpConfig leaves connections as net makes them, but for Multipath TCP.
func tcpConfig() *net.ListenConfig {
	cfg := new(net.ListenConfig)
	cfg.SetMultipathTCP(false)
	return cfg
}
