package checkpoint

import (
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
	pqschema "github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// leaves are the columns of a checkpoint, in the order of its schema (PROTOCOL.md,
// Checkpoint Schema).
type leaves struct {
	all []*leaf

	minReader, minWriter, readers, writers                   *leaf
	id, name, description, provider, formatKey, formatValue  *leaf
	schema, partitions, configKey, configValue, created      *leaf
	app, appVersion, appUpdated                              *leaf
	domain, configuration, gone                              *leaf
	path, partKey, partValue, size, modified, change         *leaf
	tagKey, tagValue, rowID, rowVersion, provided, json      *leaf
	dv, removedDV                                            vectorLeaves
	removed, removedAt, removedChange, extended, removedSize *leaf
	removedKey, removedValue, removedRow, removedVersion     *leaf

	parts []*leaf // partitionValues_parsed, by partition column
	rows  *leaf   // stats_parsed, nil where it is not written
	tight *leaf
	stats []statLeaves

	sidecar, sidecarSize *leaf // nil where none are written
}

type vectorLeaves struct{ storage, path, offset, size, cardinality *leaf }

type statLeaves struct {
	path                  []string
	least, greatest, null *leaf // of which some may be nil
}

func (c *leaves) add(t schema.Type, path ...string) *leaf {
	l := &leaf{path: path, typ: t, max: int16(len(path))}
	c.all = append(c.all, l)
	return l
}

func (c *leaves) pairs(path ...string) (key, value *leaf) {
	at := append(slices.Clone(path), "key_value")
	key = c.add(schema.String, append(slices.Clone(at), "key")...)
	value = c.add(schema.String, append(slices.Clone(at), "value")...)
	key.repeat, value.repeat, key.keyed = true, true, true
	key.max--
	return key, value
}

func (c *leaves) list(path ...string) *leaf {
	l := c.add(schema.String, append(slices.Clone(path), "list", "element")...)
	l.repeat = true
	return l
}

func (c *leaves) vector(of string) (v vectorLeaves) {
	v.storage = c.add(schema.String, of, "deletionVector", "storageType")
	v.path = c.add(schema.String, of, "deletionVector", "pathOrInlineDv")
	v.offset = c.add(schema.Integer, of, "deletionVector", "offset")
	v.size = c.add(schema.Integer, of, "deletionVector", "sizeInBytes")
	v.cardinality = c.add(schema.Long, of, "deletionVector", "cardinality")
	return v
}

func newLeaves(m *log.MetadataAction, o Options) *leaves {
	c := &leaves{}
	c.app, c.appVersion = c.add(schema.String, "txn", "appId"), c.add(schema.Long, "txn", "version")
	c.appUpdated = c.add(schema.Long, "txn", "lastUpdated")
	c.addAction(m, o)
	c.removeAction()
	c.id, c.name = c.add(schema.String, "metaData", "id"), c.add(schema.String, "metaData", "name")
	c.description = c.add(schema.String, "metaData", "description")
	c.provider = c.add(schema.String, "metaData", "format", "provider")
	c.formatKey, c.formatValue = c.pairs("metaData", "format", "options")
	c.schema = c.add(schema.String, "metaData", "schemaString")
	c.partitions = c.list("metaData", "partitionColumns")
	c.configKey, c.configValue = c.pairs("metaData", "configuration")
	c.created = c.add(schema.Long, "metaData", "createdTime")
	c.minReader = c.add(schema.Integer, "protocol", "minReaderVersion")
	c.minWriter = c.add(schema.Integer, "protocol", "minWriterVersion")
	c.readers, c.writers = c.list("protocol", "readerFeatures"), c.list("protocol", "writerFeatures")
	c.domain = c.add(schema.String, "domainMetadata", "domain")
	c.configuration = c.add(schema.String, "domainMetadata", "configuration")
	c.gone = c.add(schema.Boolean, "domainMetadata", "removed")
	if o.Sidecars {
		c.sidecar, c.sidecarSize = c.add(schema.String, "sidecar", "path"), c.add(schema.Long, "sidecar", "sizeInBytes")
	}
	return c
}

func (c *leaves) addAction(m *log.MetadataAction, o Options) {
	c.path = c.add(schema.String, "add", "path")
	c.partKey, c.partValue = c.pairs("add", "partitionValues")
	c.size, c.modified = c.add(schema.Long, "add", "size"), c.add(schema.Long, "add", "modificationTime")
	c.change = c.add(schema.Boolean, "add", "dataChange")
	c.tagKey, c.tagValue = c.pairs("add", "tags")
	c.dv = c.vector("add")
	c.rowID = c.add(schema.Long, "add", "baseRowId")
	c.rowVersion = c.add(schema.Long, "add", "defaultRowCommitVersion")
	c.provided = c.add(schema.String, "add", "clusteringProvider")
	if o.StatsJSON {
		c.json = c.add(schema.String, "add", "stats")
	}
	if !o.StatsStruct {
		return
	}
	for _, name := range m.PartitionColumns {
		at := m.Schema.Index(name)
		c.parts = append(c.parts, c.add(m.Schema.Fields[at].Type, "add", "partitionValues_parsed", name))
	}
	c.parsed(m)
}

// parsed adds the columns of stats_parsed: for each indexed leaf of the table its bounds, where its
// type has any, and its nulls.
func (c *leaves) parsed(m *log.MetadataAction) {
	data := m.Schema.Without(m.PartitionColumns...)
	types := map[string]schema.Type{}
	for path, f := range data.Leaves() {
		types[path.String()] = f.Type
	}
	c.rows = c.add(schema.Long, "add", "stats_parsed", "numRecords")
	indexed := stats.Indexed(data, m.Configuration)
	c.stats = make([]statLeaves, len(indexed))
	for i, path := range indexed {
		c.stats[i].path = path
	}
	section := func(name string, only func(schema.Type) bool, t func(schema.Type) schema.Type, put func(*statLeaves, *leaf)) {
		for i, path := range indexed {
			if typ := types[path.String()]; only(typ) {
				put(&c.stats[i], c.add(t(typ), append([]string{"add", "stats_parsed", name}, path...)...))
			}
		}
	}
	same := func(t schema.Type) schema.Type { return t }
	section("minValues", ordered, same, func(s *statLeaves, l *leaf) { s.least = l })
	section("maxValues", ordered, same, func(s *statLeaves, l *leaf) { s.greatest = l })
	section("nullCount", func(schema.Type) bool { return true }, func(schema.Type) schema.Type { return schema.Long },
		func(s *statLeaves, l *leaf) { s.null = l })
	c.tight = c.add(schema.Boolean, "add", "stats_parsed", "tightBounds")
}

// ordered are the types whose bounds the log keeps.
func ordered(t schema.Type) bool {
	switch t {
	case schema.Long, schema.Integer, schema.Short, schema.Byte, schema.Float, schema.Double,
		schema.String, schema.Date, schema.Timestamp, schema.TimestampNTZ:
		return true
	}
	return decimal(t)
}

func decimal(t schema.Type) bool {
	_, ok := t.(schema.Decimal)
	return ok
}

func (c *leaves) removeAction() {
	c.removed, c.removedAt = c.add(schema.String, "remove", "path"), c.add(schema.Long, "remove", "deletionTimestamp")
	c.removedChange = c.add(schema.Boolean, "remove", "dataChange")
	c.extended = c.add(schema.Boolean, "remove", "extendedFileMetadata")
	c.removedKey, c.removedValue = c.pairs("remove", "partitionValues")
	c.removedSize = c.add(schema.Long, "remove", "size")
	c.removedDV = c.vector("remove")
	c.removedRow = c.add(schema.Long, "remove", "baseRowId")
	c.removedVersion = c.add(schema.Long, "remove", "defaultRowCommitVersion")
}

// root is the Parquet schema. Leaves of one group stand together in all.
func (c *leaves) root() (*pqschema.GroupNode, error) {
	fields, err := nodes(c.all, 0)
	if err != nil {
		return nil, err
	}
	return pqschema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1)
}

func nodes(leaves []*leaf, depth int) (pqschema.FieldList, error) {
	var out pqschema.FieldList
	for len(leaves) > 0 {
		first := leaves[0]
		n := 1
		for n < len(leaves) && leaves[n].path[depth] == first.path[depth] && len(leaves[n].path) > depth+1 {
			n++
		}
		var node pqschema.Node
		var err error
		if len(first.path) == depth+1 {
			n = 1
			node, err = first.node()
		} else {
			node, err = group(leaves[:n], depth)
		}
		if err != nil {
			return nil, err
		}
		out, leaves = append(out, node), leaves[n:]
	}
	return out, nil
}

func group(leaves []*leaf, depth int) (pqschema.Node, error) {
	fields, err := nodes(leaves, depth+1)
	if err != nil {
		return nil, err
	}
	first := leaves[0]
	rep := parquet.Repetitions.Optional
	var logical pqschema.LogicalType = pqschema.NoLogicalType{}
	switch above := len(first.path) - depth; {
	case first.repeat && above == 2:
		rep = parquet.Repetitions.Repeated
	case first.repeat && above == 3 && first.keyed:
		logical = pqschema.MapLogicalType{}
	case first.repeat && above == 3:
		logical = pqschema.NewListLogicalType()
	}
	if logical.IsNone() {
		return pqschema.NewGroupNode(first.path[depth], rep, fields, -1)
	}
	return pqschema.NewGroupNodeLogical(first.path[depth], rep, fields, logical, -1)
}

// node is the leaf's own Parquet type (PROTOCOL.md, Delta Data Type to Parquet Type Mappings).
func (l *leaf) node() (pqschema.Node, error) {
	rep := parquet.Repetitions.Optional
	if l.keyed {
		rep = parquet.Repetitions.Required
	}
	kind, length := parquet.Types.ByteArray, -1
	var logical pqschema.LogicalType = pqschema.NoLogicalType{}
	if d, ok := l.typ.(schema.Decimal); ok {
		logical = pqschema.NewDecimalLogicalType(int32(d.Precision), int32(d.Scale))
		switch kind = parquet.Types.Int64; {
		case d.Precision <= 9:
			kind = parquet.Types.Int32
		case d.Precision > 18:
			kind, length = parquet.Types.FixedLenByteArray, decimalBytes(d.Precision)
		}
		return pqschema.NewPrimitiveNodeLogical(l.path[len(l.path)-1], rep, logical, kind, length, -1)
	}
	switch l.typ {
	case schema.Long:
		kind = parquet.Types.Int64
	case schema.Integer:
		kind = parquet.Types.Int32
	case schema.Short:
		kind, logical = parquet.Types.Int32, pqschema.NewIntLogicalType(16, true)
	case schema.Byte:
		kind, logical = parquet.Types.Int32, pqschema.NewIntLogicalType(8, true)
	case schema.Float:
		kind = parquet.Types.Float
	case schema.Double:
		kind = parquet.Types.Double
	case schema.Boolean:
		kind = parquet.Types.Boolean
	case schema.String:
		logical = pqschema.StringLogicalType{}
	case schema.Date:
		kind, logical = parquet.Types.Int32, pqschema.DateLogicalType{}
	case schema.Timestamp, schema.TimestampNTZ:
		kind = parquet.Types.Int64
		logical = pqschema.NewTimestampLogicalType(l.typ == schema.Timestamp, pqschema.TimeUnitMicros)
	}
	return pqschema.NewPrimitiveNodeLogical(l.path[len(l.path)-1], rep, logical, kind, length, -1)
}
