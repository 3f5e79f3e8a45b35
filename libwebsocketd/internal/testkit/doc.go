// Package testkit provides what tests of several packages need. Only tests may import it.
package testkit
