//go:build !linux

package listen

import "net"

// TCPConfig leaves connections as net makes them, but for Multipath TCP.
func TCPConfig() *net.ListenConfig {
	cfg := new(net.ListenConfig)
	cfg.SetMultipathTCP(false)
	return cfg
}
