//go:build !linux

package listen

import "net"

// TCPConfig returns the configuration that net uses, without Multipath TCP.
func TCPConfig() *net.ListenConfig {
	cfg := new(net.ListenConfig)
	cfg.SetMultipathTCP(false)
	return cfg
}
