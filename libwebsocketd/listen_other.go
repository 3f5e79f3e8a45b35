//go:build !linux

package libwebsocketd

import "net"

func tcpConfig() *net.ListenConfig {
	cfg := new(net.ListenConfig)
	cfg.SetMultipathTCP(false)
	return cfg
}
