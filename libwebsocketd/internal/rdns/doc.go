// Package rdns finds the names of addresses without making a request wait for them.
package rdns
