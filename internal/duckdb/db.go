// Package duckdb runs statements on an embedded DuckDB.
//
// A DB is one instance in memory, with its threads, its memory limit and the folders it may touch.
// A Conn is a session of it: it runs one statement at a time, and holds the session's views,
// temporary tables and variables. A result is a stream of Arrow record batches: rows arrive while
// the statement still runs, and an error in the middle is the reader's Err.
//
// The package drives DuckDB's C interface by duckdb-go-bindings, since the driver for database/sql
// holds every result in memory and hides a statement's progress.
package duckdb

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	bind "github.com/duckdb/duckdb-go-bindings"
)

// Options say what an instance may use. The zero value leaves threads and memory to DuckDB (all
// cores, 80 % of the machine's memory), never spills, and does not restrict the file system.
type Options struct {
	Threads     int    // 0: one for each core
	MemoryLimit int64  // bytes; 0: DuckDB's default. The process may grow about a quarter above it
	TempDir     string // where large sorts and joins spill; empty: they fail when memory ends

	// Closed locks the instance: statements reach no file outside AllowedDirs and TempDir, attach
	// no database, load no extension, and change no setting.
	Closed      bool
	AllowedDirs []string

	// Settings are further settings, applied before the lock.
	Settings map[string]string
}

// DB is an instance in memory. Its methods are safe for concurrent use.
type DB struct {
	handle     bind.Database
	numberings *numberings
}

// Open starts an instance.
func Open(o Options) (*DB, error) {
	var config bind.Config
	if bind.CreateConfig(&config) == bind.StateError {
		return nil, errors.New("duckdb: open: no memory for the configuration")
	}
	defer bind.DestroyConfig(&config)
	for _, s := range o.startup() {
		if bind.SetConfig(config, s[0], s[1]) == bind.StateError {
			return nil, fmt.Errorf("duckdb: open: setting %s=%q refused", s[0], s[1])
		}
	}
	db := &DB{numberings: &numberings{used: map[int64]*Numbering{}}}
	var msg string
	if bind.OpenExt(":memory:", &db.handle, config, &msg) == bind.StateError {
		return nil, fmt.Errorf("duckdb: open: %w", parseError(msg))
	}
	if err := db.apply(o.statements()); err != nil {
		db.Close()
		return nil, fmt.Errorf("duckdb: open: %w", err)
	}
	return db, nil
}

// startup are the settings given before the instance exists: extensions and progress.
func (o Options) startup() [][2]string {
	s := [][2]string{
		{"autoinstall_known_extensions", "false"},
		{"autoload_known_extensions", "false"},
		{"allow_community_extensions", "false"},
		{"allow_persistent_secrets", "false"},
		{"temp_directory", o.TempDir},
	}
	if o.Threads > 0 {
		s = append(s, [2]string{"threads", strconv.Itoa(o.Threads)})
	}
	if o.MemoryLimit > 0 {
		s = append(s, [2]string{"memory_limit", strconv.FormatInt(o.MemoryLimit, 10) + "B"})
	}
	return s
}

// statements are the settings made by SQL, in order: the lock comes last.
func (o Options) statements() []string {
	s := []string{"SET GLOBAL TimeZone='UTC'"}
	for name, value := range o.Settings {
		s = append(s, "SET GLOBAL "+QuoteIdent(name)+"="+Quote(value))
	}
	if !o.Closed {
		return s
	}
	dirs := make([]string, len(o.AllowedDirs))
	for i, d := range o.AllowedDirs {
		dirs[i] = Quote(d)
	}
	return append(s,
		"SET GLOBAL allowed_directories=["+strings.Join(dirs, ",")+"]",
		"SET GLOBAL enable_external_access=false",
		"SET GLOBAL allowed_configs=['enable_progress_bar','enable_progress_bar_print','progress_bar_time']",
		"SET GLOBAL lock_configuration=true")
}

func (db *DB) apply(statements []string) error {
	var conn bind.Connection
	if bind.Connect(db.handle, &conn) == bind.StateError {
		return errors.New("connect refused")
	}
	defer bind.Disconnect(&conn)
	if err := db.numberings.register(conn); err != nil {
		return err
	}
	return set(conn, statements)
}

func set(conn bind.Connection, statements []string) error {
	for _, s := range statements {
		var res bind.Result
		state := bind.Query(conn, s, &res)
		msg := bind.ResultError(&res)
		bind.DestroyResult(&res)
		if state == bind.StateError {
			return fmt.Errorf("%s: %w", s, parseError(msg))
		}
	}
	return nil
}

// Close frees the instance once its last Conn is closed.
func (db *DB) Close() { bind.Close(&db.handle) }

// Version is the version of the DuckDB library, such as "v1.5.6".
func Version() string { return bind.LibraryVersion() }

// Quote writes a string as an SQL literal.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// QuoteIdent writes a name as a quoted SQL identifier.
func QuoteIdent(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
