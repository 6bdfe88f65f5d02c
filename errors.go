package petalake

import (
	"github.com/petalake/petalake/internal/daemon"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/query"
	"github.com/petalake/petalake/internal/runs"
	"github.com/petalake/petalake/internal/write"
)

// The errors whose fields a program may want to act on. Others wrap fs.ErrNotExist, fs.ErrExist or fs.ErrPermission;
// where the user can do something, an error has Hint() string.
type (
	// MissingTableError says that there is no table of a name. It wraps fs.ErrNotExist.
	MissingTableError = lake.MissingTableError

	// NoServicesError says that an environment needs services of AWS, and Options.AWS is nil.
	NoServicesError = lake.NoServicesError

	// LoadError says which load failed. The table is as it was.
	LoadError = write.LoadError

	// HeldError says which raw files of a source are not loaded, since they cannot be as they are. All others are.
	HeldError = write.HeldError

	// TooManyBadError says that more rows are bad than a load may put aside.
	TooManyBadError = write.TooManyBadError

	// FormatError says that it is not clear how the rows of a file are written.
	FormatError = write.FormatError

	// DialectError says that only one engine takes a statement.
	DialectError = query.DialectError

	// DeniedError says that an actor may not do something. It wraps fs.ErrPermission.
	DeniedError = query.DeniedError

	// SkippedError says that a model was not built because something before it failed.
	SkippedError = daemon.SkippedError

	// JobError says that a run did not end well.
	JobError = runs.JobError

	// NoJobError says that lakehouse.yaml has no job of a name. It wraps fs.ErrNotExist.
	NoJobError = runs.NoJobError

	// NoRunError says that there is no event log of a name.
	NoRunError = runs.NoRunError
)
