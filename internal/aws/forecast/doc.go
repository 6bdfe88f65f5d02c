// Package forecast says beforehand what described work on a lakehouse comes to.
//
// An Estimate is what a month costs, from how much arrives, how long it is kept, and how much is read and worked off.
//
// A Rehearsal is a described week of work on a simulated cloud, with the decisions of package fleet: when it is finished, what
// it costs, what is lost to Spot.
//
// A Scenario is a policy, Work that becomes due, a span of time, and a seed: the same scenario gives the
// same Result. The cloud of a scenario has the prices and interruption bands of the policy's instance
// types, and behaves as its Model says. Time passes in steps of a minute; in each the world moves on,
// and fleet.Step looks, decides and acts as it does on a real cloud. After each, the promises of
// fleet.Decide are checked; what breaks one is in Result.Broken.
package forecast
