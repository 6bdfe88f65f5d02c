// Package cli is the petalake command: one file a command.
package cli
