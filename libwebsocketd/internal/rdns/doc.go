// Package rdns finds the names of addresses without making anyone wait for them.
package rdns
