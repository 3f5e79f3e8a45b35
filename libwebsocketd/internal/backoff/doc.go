// Package backoff computes the pause before something that has failed is started again.
//
// The rule, for a pool, a guardian, a shared process and whatever else is kept running:
//
//	the first failure                           100 ms                   First
//	each one after it                           twice the last pause     at most 30 s, Most
//	one after a good run                        First again              a run of 1 s or more, Good
//	several that ran at the same time           count once
//
// The caller passes the time, so nothing here waits or reads a clock.
package backoff
