package write

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

// writtenTime is how long a file that ends too early is taken for one that somebody still writes.
const writtenTime = time.Minute

// setAside takes a file out of the load that cannot be loaded as a whole, and says whether it did. It does not where such files
// end the load, or where it is not clear which one it is; nor where nothing would be left of a table.
func (l *load) setAside(ctx context.Context, err error) bool {
	at, of := fault(err, l.Files, l.Raw.Paths)
	var many *TooManyBadError
	var limit *raw.TooManyError
	if l.OnError == spec.Reject || !of || at < 0 || errors.As(err, &many) || errors.As(err, &limit) {
		return false
	}
	if len(l.Files) == 1 && (l.Replace || isMissing(ctx, l.table) && (l.decl == nil || len(l.decl.Columns) == 0)) {
		return false
	}
	if errors.Is(err, raw.ErrIncomplete) && time.Since(time.Unix(0, l.Files[at].Time)) < writtenTime {
		return false
	}
	l.aside = append(l.aside, badFile{l.Raw.Paths[at], reasonOf(err, l.Raw.Paths[at])})
	l.Files = append(l.Files[:at:at], l.Files[at+1:]...)
	l.Raw = l.Raw.Without(at)
	return true
}

// keepAside completes a change with the files that are put aside, and ends a load with too many bad rows.
func (l *load) keepAside(ctx context.Context, c *Change) error {
	written := &c.Rows
	if most, ok := l.MaxBad.Of(written.Rows + written.BadRows); ok && written.BadRows > most {
		l.writer.Discard(ctx, l.table, *written)
		return &TooManyBadError{Bad: written.BadRows, Rows: written.Rows + written.BadRows, Most: string(l.MaxBad)}
	}
	if len(l.aside) == 0 {
		return nil
	}
	bad, err := l.asideFiles(ctx)
	if err != nil {
		l.writer.Discard(ctx, l.table, *written)
		return err
	}
	written.Bad = append(written.Bad, bad...)
	return nil
}

// asideFiles writes the files that are put aside as rows of the quarantine, without a line and a text.
func (l *load) asideFiles(ctx context.Context) ([]delta.Add, error) {
	table, err := l.writer.Env.Table(ctx, Quarantine)
	if err != nil {
		return nil, err
	}
	reading, err := json.Marshal(raw.Reading{Format: l.Raw.Format})
	if err != nil {
		return nil, err
	}
	var rows []BadRow
	for _, f := range l.aside {
		rows = append(rows, BadRow{
			Source: l.From, File: cmp.Or(l.Raw.OriginalNames[f.path], f.path), Reason: f.reason, Time: time.Now(),
			Table: l.Table.String(), Reading: string(reading),
		})
	}
	return writeBadRows(ctx, table, delta.Metadata{Schema: raw.QuarantineSchema()}, rows)
}

// badFile is a raw file that cannot be loaded as a whole.
type badFile struct{ path, reason string }

// reasonOf is the text of an error that is about a file, without its path.
func reasonOf(err error, path string) string {
	if named, ok := err.(*LoadError); ok {
		err = named.Err
	}
	return strings.TrimPrefix(err.Error(), path+": ")
}

// rescued is the column that takes the values which do not fit, with on_error: rescue.
const rescued = "_rescued"

// remarks say what a person should know of a load that went well.
func (l *load) remarks(written tablefile.Written) string {
	var all []string
	if written.Rescued > 0 {
		all = append(all, fmt.Sprintf("values of %s do not fit and are in %s", words.Counted(written.Rescued, "row"), rescued))
	}
	for i, f := range l.aside {
		if i == 3 && len(l.aside) > 4 {
			all = append(all, fmt.Sprintf("%d more files are put aside", len(l.aside)-i))
			break
		}
		all = append(all, filepath.Base(f.path)+" is put aside as a whole: "+f.reason)
	}
	return strings.Join(all, "; ")
}
