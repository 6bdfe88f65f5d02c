package duck

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/store"
)

// uploads is how many files are put into the store at once.
const uploads = 4

// publish puts staged files into the table's folder under names of their own. On an error none is
// left there.
func (w *writer) publish(ctx context.Context, staged []written) (Written, error) {
	var out Written
	data := &schema.Struct{Fields: fileColumns(w.job)}
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
		w.sweep(ctx, out.Files)
		return Written{}, err
	}
	return out, nil
}

func (w *writer) put(ctx context.Context, from []string, files []delta.Add) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(uploads)
	for i := range files {
		group.Go(func() error {
			body, err := os.Open(from[i])
			if err != nil {
				return err
			}
			defer body.Close()
			return w.job.Store.Put(ctx, w.key(files[i]), body, store.IfAbsent)
		})
	}
	return group.Wait()
}

func (w *writer) key(f delta.Add) string {
	if w.job.Root == "" {
		return f.Path
	}
	return w.job.Root + "/" + f.Path
}

// sweep takes files of a failed job away again. Where that fails too they are orphans, which no
// log names and vacuum removes.
func (w *writer) sweep(ctx context.Context, files []delta.Add) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	keys := make([]string, len(files))
	for i, f := range files {
		keys[i] = w.key(f)
	}
	if len(keys) > 0 {
		_ = w.job.Store.Delete(ctx, keys...)
	}
}

func (w *writer) add(f written, i int, data *schema.Struct) (delta.Add, error) {
	var folder strings.Builder
	values := make(map[string]*string, len(w.job.PartitionBy))
	for _, name := range w.names(w.job.PartitionBy) {
		text, ok := f.partition[name]
		if !ok {
			return delta.Add{}, fmt.Errorf("write: no value of the partition column %s for %s", name, f.path)
		}
		value := partitionText(w.job.Schema.Fields[w.job.Schema.Index(name)].Type, text)
		values[name] = value
		folder.WriteString(partitionFolder(name, value) + "/")
	}
	return delta.Add{
		Path:            fmt.Sprintf("%spart-%05d-%s.zstd.parquet", folder.String(), i, uuid.New()),
		PartitionValues: values,
		Size:            f.size,
		ModTime:         w.job.Now.UnixMilli(),
		DataChange:      true,
		Stats:           f.stats(data),
	}, nil
}

// partitionText writes a partition value as the protocol does (Partition Value Serialization): an
// empty text is null, a moment is in UTC with a Z, so that no reader takes its own zone.
func partitionText(t schema.Type, text *string) *string {
	if text == nil || *text == "" {
		return nil
	}
	value := *text
	if t == schema.Timestamp {
		if at, ok := stats.ParseTimestamp(strings.TrimSuffix(value, "+00")); ok {
			value = strings.Replace(at.String(), " ", "T", 1) + "Z"
		}
	}
	return &value
}

// partitionFolder is "column=value", escaped as Hive and Spark do.
func partitionFolder(name string, value *string) string {
	if value == nil {
		return escapeFolder(name) + "=__HIVE_DEFAULT_PARTITION__"
	}
	return cut(escapeFolder(name), 100) + "=" + cut(escapeFolder(*value), 150)
}

// cut bounds the name of a folder: the value is in the log, the path only tells it to people.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

func escapeFolder(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == 0x7f || strings.IndexByte(`"#%'*/:=?\{}[]^`, c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
