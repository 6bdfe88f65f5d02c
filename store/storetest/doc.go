// Package storetest holds every store to the contract of store.Store.
//
// Run is the conformance suite: each driver's tests call it. Faulty wraps a store so that one
// chosen operation goes wrong in one chosen way, a Fault; Sweep runs a test with the fault at
// operation 0, 1, 2 and so on until none is hit, so that every write path meets every fault.
package storetest
