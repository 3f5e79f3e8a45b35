// Package flow is flow control for a record that many read. It appends output as fast
// as viewers take it, and decides which slow viewers are waited for.
//
//	Append -> record -> Cursor.Wait, Move (what a viewer was given), Watch (what it took)
//
// # The law of a slow viewer
//
// A viewer is too slow when its next message is no longer kept. Only what it was given
// and did not take counts against it, not that we write to it late. Append adds what
// fits, and drops the oldest messages when it needs room. If a viewer has not had them,
// the writer waits for that viewer as long as
//
//	it lacks nothing older than 1 s (Grace)     always
//	another viewer is starved                   it has taken something within 1 s, and
//	                                            lacks nothing older than 5 s (MaxGrace), or
//	                                            had taken all it was given within 5 s
//	no viewer is starved                        it has taken something within 5 s
//	Options.Block, until StopBlocking           always
//
// With Options.Hold the writer also waits, until StopBlocking, for what no viewer has
// confirmed, whether there are viewers or not.
//
// A viewer is starved when it has had and taken everything, and so waits together with
// the writer. It counts as starved for a second after that. So a burst costs no viewer
// that reads anything, and a slow viewer that is alone loses nothing. One that stands
// still, or is much slower than the others, is let go: it gets a record.GoneError.
//
// # Its clock
//
// The clock measures the viewer, not us. Time counts against a viewer while something
// was on its way to it that it could have taken. It does not count while we have not
// come to write to it, and at most LookInterval counts between two looks. Where the
// machine is busy clients are late as well, so the time is divided by Options.Crowd.
//
// The goroutine that calls Append looks at the viewers. It does so without the lock,
// because it asks the system about each of them. The package starts no goroutine.
package flow
