// Package flow is flow control for a record that many read: it lets in what is said as
// fast as it is taken, and decides which slow viewers are waited for.
//
//	Append -> record -> Cursor.Wait, Move (what a viewer was given), Watch (what it took)
//
// # The law of a slow viewer
//
// A viewer is slow when what it is to get next is no longer kept, and only by what it was
// given and did not take: that we come late to it does not count. Append takes what fits,
// whoever has had what is dropped for it. When room is needed that a viewer still wants,
// the writer waits, for that viewer as long as
//
//	it lacks nothing older than 1 s (Grace)     always
//	another viewer is starved                   it has taken something within 1 s, and
//	                                            lacks nothing older than 5 s (MaxGrace), or
//	                                            had taken all it was given within 5 s
//	nobody is starved                           it has taken something within 5 s
//	Options.Block, until StopBlocking           always
//
// A viewer is starved that has had and taken everything: it waits with the writer, and is
// so for a second after that. So a burst loses nobody who reads, a slow viewer alone
// loses nothing, and one that stands still, or is slower than the others by much, is let
// go: it finds a record.GoneError.
//
// # Its clock
//
// The clock is the other side's. Time counts against a viewer while there was something on
// its way to it that it could have taken: not while we have not come to write to it, nor
// for longer between two looks than LookInterval. On a machine whose processors many want
// clients come late as well: time counts for as much less (Options.Crowd).
//
// Viewers are looked at by the goroutine that calls Append, without the lock: that asks
// the system about each of them. The package starts no goroutine.
package flow
