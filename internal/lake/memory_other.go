//go:build !linux

package lake

// machineMemory is 0 where it is not known: the engine then takes its own share of the machine.
func machineMemory() int64 { return 0 }
