// Package bridgetest provides messages and sources for tests of both sides of the bridge.
// Only tests may import it.
package bridgetest
