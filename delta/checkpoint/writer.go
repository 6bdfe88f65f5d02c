package checkpoint

import (
	"io"
	"maps"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// GroupRows is how many actions a row group of a checkpoint holds: few enough to be passed over by
// its bounds, and to be held in memory while it is written.
const GroupRows = 50_000

// Options say what of a file a checkpoint holds beside its action, and who wrote it.
type Options struct {
	StatsJSON   bool // statistics as text
	StatsStruct bool // statistics in columns, and partition values
	Sidecars    bool // names of sidecars: a manifest
	CreatedBy   string
}

// Writer writes a checkpoint, action by action. It is for one goroutine.
type Writer struct {
	*leaves
	m    *log.MetadataAction
	out  *file.Writer
	row  int // of the row group at hand
	full *stats.Parser

	Actions      int64 // written so far
	Files, Bytes int64 // of the live files among them
}

// NewWriter begins a checkpoint of a table with that metadata.
func NewWriter(w io.Writer, m *log.MetadataAction, o Options) (*Writer, error) {
	c := &Writer{leaves: newLeaves(m, o), m: m}
	root, err := c.root()
	if err != nil {
		return nil, err
	}
	c.full = stats.NewParser(m.Schema)
	props := []parquet.WriterProperty{
		parquet.WithCompression(compress.Codecs.Snappy), parquet.WithCreatedBy(o.CreatedBy),
		parquet.WithDictionaryDefault(false), // of little use but for partition values, and a page more for each column
		parquet.WithStatsFor("add.stats", false), parquet.WithStatsFor("metaData.schemaString", false),
	}
	for _, l := range append([]*leaf{c.partKey, c.partValue}, c.parts...) {
		if l.typ != schema.Boolean {
			props = append(props, parquet.WithDictionaryPath(l.path, true))
		}
	}
	c.out, err = file.NewParquetWriterWithError(w, root, file.WithWriterProps(parquet.NewWriterProperties(props...)))
	return c, err
}

// next ends a row, and the row group when it is full.
func (c *Writer) next() error {
	c.Actions++
	if c.row++; c.row < GroupRows {
		return nil
	}
	return c.flush()
}

func (c *Writer) flush() error {
	if c.row == 0 {
		return nil
	}
	group, err := c.out.AppendRowGroupChecked()
	if err != nil {
		return err
	}
	for _, l := range c.all {
		w, err := group.NextColumn()
		if err == nil {
			err = l.flush(w, c.row)
		}
		if err != nil {
			return err
		}
	}
	c.row = 0
	return group.Close()
}

// Close ends the file.
func (c *Writer) Close() error {
	if err := c.flush(); err != nil {
		return err
	}
	return c.out.Close()
}

// State writes what is not a file: transactions in the order of their applications, domains in that of their names.
func (c *Writer) State(a *log.Actions) error {
	p := a.Protocol
	c.minReader.int(c.row, int64(p.MinReader))
	c.minWriter.int(c.row, int64(p.MinWriter))
	c.texts(c.readers, p.ReaderFeatures, p.ReaderFeatures == nil, 1)
	c.texts(c.writers, p.WriterFeatures, p.WriterFeatures == nil, 1)
	if err := c.next(); err != nil {
		return err
	}
	m := a.Metadata
	c.id.text(c.row, m.ID)
	c.name.optional(c.row, m.Name)
	c.description.optional(c.row, m.Description)
	c.provider.text(c.row, m.Format)
	c.pairs2(c.formatKey, c.formatValue, nullable(m.Options), false, 2)
	c.schema.text(c.row, m.SchemaText)
	c.texts(c.partitions, m.PartitionColumns, false, 1)
	c.pairs2(c.configKey, c.configValue, nullable(m.Configuration), false, 1)
	c.created.int(c.row, m.CreatedAt)
	if err := c.next(); err != nil {
		return err
	}
	for _, t := range a.Txns {
		c.app.text(c.row, t.App)
		c.appVersion.int(c.row, t.Version)
		updated := &t.Updated
		if t.Updated == 0 {
			updated = nil
		}
		c.appUpdated.maybe(c.row, updated)
		if err := c.next(); err != nil {
			return err
		}
	}
	for _, d := range a.Domains {
		c.domain.text(c.row, d.Name)
		c.configuration.text(c.row, d.Configuration)
		c.gone.bool(c.row, false)
		if err := c.next(); err != nil {
			return err
		}
	}
	return nil
}

// texts writes a list whose parents are there up to the given depth.
func (c *Writer) texts(l *leaf, list []string, null bool, parents int16) {
	switch {
	case null:
		l.null(c.row, parents)
	case len(list) == 0:
		l.null(c.row, parents+1)
	}
	for i := range list {
		l.item(c.row, i == 0, &list[i])
	}
}

// pairs2 writes both columns of a map.
func (c *Writer) pairs2(key, value *leaf, m map[string]*string, null bool, parents int16) {
	if len(m) == 0 {
		def := parents + 1
		if null {
			def = parents
		}
		key.null(c.row, def)
		value.null(c.row, def)
	}
	for i, k := range slices.Sorted(maps.Keys(m)) {
		key.item(c.row, i == 0, &k)
		value.item(c.row, i == 0, m[k])
	}
}

func nullable(m map[string]string) map[string]*string {
	out := make(map[string]*string, len(m))
	for k, v := range m {
		out[k] = &v
	}
	return out
}

// Add writes a live file.
func (c *Writer) Add(a *log.AddAction) error {
	c.Files, c.Bytes = c.Files+1, c.Bytes+a.Size
	c.path.text(c.row, log.EncodePath(a.Path))
	c.pairs2(c.partKey, c.partValue, a.PartitionValues, false, 1)
	c.size.int(c.row, a.Size)
	c.modified.int(c.row, a.ModTime)
	c.change.bool(c.row, false) // a checkpoint changes nothing
	c.pairs2(c.tagKey, c.tagValue, nullable(a.Tags), a.Tags == nil, 1)
	c.vector(c.dv, a.DeletionVector)
	c.rowID.maybe(c.row, a.BaseRowID)
	c.rowVersion.maybe(c.row, a.RowCommitVersion)
	c.provided.optional(c.row, a.Clustering)
	c.statistics(a)
	for i, name := range c.m.PartitionColumns {
		if i >= len(c.parts) {
			break
		}
		v, err := stats.ParsePartition(c.parts[i].typ, a.PartitionValues[name])
		if err != nil {
			v = nil // the text is kept; a reader that trusts columns must not be told null
			c.parts[i].null(c.row, 1)
			continue
		}
		c.parts[i].value(c.row, v)
	}
	return c.next()
}

func (c *Writer) statistics(a *log.AddAction) {
	f := a.Stats
	if !a.Typed {
		f = stats.File{NumRecords: -1}
		if a.StatsText != "" {
			f = parsed(c.full, a.StatsText)
		}
	}
	if c.json != nil {
		text := a.StatsText
		if text == "" && f.NumRecords >= 0 {
			text = string(f.JSON(c.m.Schema))
		}
		c.json.optional(c.row, text)
	}
	if c.rows == nil {
		return
	}
	if f.NumRecords < 0 && len(f.Columns) == 0 {
		c.noStatistics()
		return
	}
	rows := &f.NumRecords
	if f.NumRecords < 0 {
		rows = nil
	}
	c.rows.maybe(c.row, rows)
	c.tight.bool(c.row, f.TightBounds)
	next := 0
	for i := range c.stats {
		s := &c.stats[i]
		col := stats.Column{NullCount: -1}
		for k := range f.Columns { // in the same order, as a rule
			if at := (next + k) % len(f.Columns); equalPath(f.Columns[at].Path, s.path) {
				col, next = f.Columns[at], at+1
				break
			}
		}
		s.least.value(c.row, col.Min)
		s.greatest.value(c.row, col.Max)
		if col.NullCount < 0 {
			s.null.null(c.row, s.null.max-1)
		} else {
			s.null.int(c.row, col.NullCount)
		}
	}
}

// noStatistics makes stats_parsed itself null.
func (c *Writer) noStatistics() {
	c.rows.null(c.row, 1)
	c.tight.null(c.row, 1)
	for _, s := range c.stats {
		s.least.null(c.row, 1)
		s.greatest.null(c.row, 1)
		s.null.null(c.row, 1)
	}
}

func (c *Writer) vector(l vectorLeaves, v *log.DeletionVector) {
	if v == nil {
		for _, l := range []*leaf{l.storage, l.path, l.offset, l.size, l.cardinality} {
			l.null(c.row, 1)
		}
		return
	}
	l.storage.text(c.row, v.Storage)
	l.path.text(c.row, v.PathOrData)
	var offset *int64
	if v.Offset != nil {
		n := int64(*v.Offset)
		offset = &n
	}
	l.offset.maybe(c.row, offset)
	l.size.int(c.row, int64(v.Size))
	l.cardinality.int(c.row, v.Cardinality)
}

// Sidecar writes the name of a file that holds others.
func (c *Writer) Sidecar(car log.Sidecar) error {
	c.sidecar.text(c.row, log.EncodePath(car.Path))
	c.sidecarSize.int(c.row, car.Size)
	return c.next()
}

// Remove writes a tombstone.
func (c *Writer) Remove(r *log.Remove) error {
	c.removed.text(c.row, log.EncodePath(r.Path))
	c.removedAt.int(c.row, r.DeletedAt)
	c.removedChange.bool(c.row, false)
	c.extended.bool(c.row, r.Extended)
	c.pairs2(c.removedKey, c.removedValue, r.PartitionValues, !r.Extended, 1)
	size := &r.Size
	if !r.Extended {
		size = nil
	}
	c.removedSize.maybe(c.row, size)
	c.vector(c.removedDV, r.DeletionVector)
	c.removedRow.maybe(c.row, r.BaseRowID)
	c.removedVersion.maybe(c.row, r.RowCommitVersion)
	return c.next()
}
