// Package job keeps the runs of jobs: what is to be run, who looks after it, how far it is, and what
// came out.
//
// A run is a list of events in the lake, _petalake/jobs/<job>/runs/<number>/<n>.json, each written
// once and never changed. What the run is at any moment follows from its events (Run.Next), so that
// it survives whoever looks after it. An event is written by a put that succeeds only where nothing
// is: of two processes that want to take the same step, one does.
//
// A Keeper drives a run from one event to the next. It writes down what it will do before it does
// it: that an attempt starts, then hands the attempt to a Runner, which starts it once however often
// it is asked, then which handle it got. A keeper that finds a run whose own keeper is dead takes
// the handle up where the other left it.
//
// The runs of a job are numbered, and the next begins when the last has ended. Its number is the
// version by which a step that writes a table counts once.
package job
