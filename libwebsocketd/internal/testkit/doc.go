// Package testkit has what tests of several packages need. Only tests may import it.
package testkit
