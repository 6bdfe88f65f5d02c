package tablefile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/datafile"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/store"
)

// uploads is how many files are put into the store at once.
const uploads = 4

// Publish puts staged files into the table's folder under names of their own. On an error none is
// left there.
func (w *Writer) Publish(ctx context.Context, staged []Staged) (Written, error) {
	var out Written
	data := &schema.Struct{Fields: fileColumns(w.Spec)}
	var from []string
	for i, f := range staged {
		if f.rows == 0 {
			continue // DuckDB writes a file even of no rows
		}
		add, err := w.add(f, i, data)
		if err != nil {
			return Written{}, err
		}
		out.Files = append(out.Files, add)
		out.Rows += f.rows
		out.Bytes += f.size
		from = append(from, f.path)
	}
	if err := w.put(ctx, from, out.Files); err != nil {
		w.Discard(ctx, out.Files)
		return Written{}, err
	}
	return out, nil
}

func (w *Writer) put(ctx context.Context, from []string, files []delta.Add) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(uploads)
	for i := range files {
		group.Go(func() error {
			body, err := os.Open(from[i])
			if err != nil {
				return err
			}
			defer body.Close()
			return w.Spec.Store.Put(ctx, w.key(files[i]), body, store.IfAbsent)
		})
	}
	return group.Wait()
}

func (w *Writer) key(f delta.Add) string {
	if w.Spec.Root == "" {
		return f.Path
	}
	return w.Spec.Root + "/" + f.Path
}

// Discard takes files of a write that failed away again. Where that fails too they are orphans, which no
// log names and vacuum removes.
func (w *Writer) Discard(ctx context.Context, files []delta.Add) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	keys := make([]string, len(files))
	for i, f := range files {
		keys[i] = w.key(f)
	}
	if len(keys) > 0 {
		_ = w.Spec.Store.Delete(ctx, keys...)
	}
}

func (w *Writer) add(f Staged, i int, data *schema.Struct) (delta.Add, error) {
	columns := w.names(w.Spec.PartitionBy)
	values, err := w.partition(f, columns)
	if err != nil {
		return delta.Add{}, err
	}
	return delta.Add{
		Path:            fmt.Sprintf("%spart-%05d-%s%s.parquet", datafile.Dir(columns, values), i, uuid.New(), w.codec.Suffix()),
		PartitionValues: values,
		Size:            f.size,
		ModTime:         w.Spec.Now.UnixMilli(),
		DataChange:      true,
		Stats:           f.stats(data),
	}, nil
}

// partition are a staged file's partition values as the log has them: those that the rows of the file's
// number had, whatever the folder is called.
func (w *Writer) partition(f Staged, columns []string) (map[string]*string, error) {
	values := make(map[string]*string, len(columns))
	if len(columns) == 0 {
		return values, nil
	}
	number, err := strconv.Atoi(f.partition)
	texts, ok := w.partitions.Texts(number)
	if err != nil || !ok {
		return nil, fmt.Errorf("write: %s has the partition %q, which no row has", f.path, f.partition)
	}
	for i, name := range columns {
		if values[name], err = partitionText(w.Spec.Schema.Fields[w.Spec.Schema.Index(name)].Type, texts[i]); err != nil {
			return nil, &PartitionError{Table: w.Spec.Root, Column: name, Value: *texts[i], Reason: err.Error()}
		}
	}
	return values, nil
}

// PartitionError says that the value of a partition column cannot be Staged to the log.
type PartitionError struct {
	Table, Column, Value, Reason string
}

// Error implements error.
func (e *PartitionError) Error() string {
	return fmt.Sprintf("table %s: partition column %s: %q: %s", e.Table, e.Column, e.Value, e.Reason)
}

// Hint says what to do.
func (e *PartitionError) Hint() string {
	return "correct or filter the rows, or partition the table by another column; nothing was Staged"
}

// partitionText writes DuckDB's text of a partition value as the protocol does (Partition Value
// Serialization): an empty text is null, a moment is in UTC with a Z, so that no reader takes its own zone.
func partitionText(t schema.Type, text *string) (*string, error) {
	if text == nil || *text == "" {
		return nil, nil
	}
	plain := *text
	if t == schema.Timestamp {
		plain = strings.TrimSuffix(plain, "+00")
	}
	value, err := stats.ParsePartition(t, &plain)
	if err != nil {
		return nil, errors.New("a partition has no such " + t.String())
	}
	if year, dated := yearOf(value); dated && (year < 1 || year > 9999) {
		return nil, errors.New("readers of Delta tables agree on the years 1 to 9999 of a partition only")
	}
	return stats.FormatPartition(t, value)
}

// yearOf is the year of a date or a moment.
func yearOf(v stats.Value) (year int, dated bool) {
	switch v := v.(type) {
	case stats.Date:
		return time.Unix(int64(v)*24*3600, 0).UTC().Year(), true
	case stats.Timestamp:
		return time.UnixMicro(int64(v)).UTC().Year(), true
	}
	return 0, false
}
