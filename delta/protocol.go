package delta

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/petalake/petalake/delta/schema"
)

// feature is a table feature of the protocol and what this package does with it.
type feature struct {
	name   string
	legacy int  // the writer version below 7 that implies it; 0: none does
	reader bool // readers must know it too
	read   bool // we do
	write  bool // we do
	// used says whether a table that permits the feature makes use of it. nil: permitting it is using it.
	used func(m *Metadata) bool
}

const (
	featureAppendOnly      = "appendOnly"
	featureInvariants      = "invariants"
	featureDeletionVectors = "deletionVectors"
	featureTimestampNTZ    = "timestampNtz"
	featureTypeWidening    = "typeWidening"
	featureColumnMapping   = "columnMapping"
	featureInCommitTime    = "inCommitTimestamp"
	featureConstraints     = "checkConstraints"
	featureAbsolute        = "a shallow clone (absolute paths, of files of another table)" // no feature of the protocol: any table may have it
	featureChangeFeed      = "changeDataFeed"
)

// features is every feature of PROTOCOL.md, then those that are drafts. A name that is in neither
// list is refused as well: nothing about it is known.
func features() []feature {
	return []feature{
		{name: featureAppendOnly, legacy: 2, write: true},
		{name: featureInvariants, legacy: 2, used: anyField("delta.invariants")},
		{name: featureConstraints, legacy: 3, write: true}, // writers of rows enforce Metadata.Constraints
		{name: featureChangeFeed, legacy: 4, write: true},  // changes that need change files are refused one by one
		{name: "generatedColumns", legacy: 4, used: anyField("delta.generationExpression")},
		{name: featureColumnMapping, legacy: 5, reader: true, used: mapped},
		{name: "identityColumns", legacy: 6, used: anyField("delta.identity.start")},
		{name: "allowColumnDefaults", used: anyField("CURRENT_DEFAULT")},
		{name: featureDeletionVectors, reader: true, read: true, write: true}, // a file that has one is refused: see Files
		{name: "domainMetadata", write: true},
		{name: "rowTracking"},
		{name: featureTimestampNTZ, reader: true, read: true, write: true},
		{name: "v2Checkpoint", reader: true, read: true, write: true},
		{name: "catalogManaged", reader: true},
		{name: "icebergCompatV1", used: enabled("delta.enableIcebergCompatV1")},
		{name: "icebergCompatV2", used: enabled("delta.enableIcebergCompatV2")},
		{name: "clustering"},
		{name: "vacuumProtocolCheck", reader: true, read: true, write: true},
		{name: featureInCommitTime, write: true},
		{name: featureTypeWidening, reader: true, read: true, write: true},
		{name: "variantType", reader: true},
		{name: "variantShredding", reader: true},

		{name: "typeWidening-preview", reader: true, read: true, write: true},
		{name: "inCommitTimestamp-preview", write: false},
		{name: "icebergCompatV3", used: enabled("delta.enableIcebergCompatV3")},
		{name: "icebergWriterCompatV1"},
		{name: "icebergWriterCompatV3"},
		{name: "checkpointProtection"},
		{name: "materializePartitionColumns"},
		{name: "columnMappingUsageTracking"},
		{name: "collations"},
		{name: "collations-preview"},
		{name: "geospatial", reader: true},
		{name: "geospatial-dev", reader: true},
		{name: "timestampNanos", reader: true},
		{name: "adaptiveMetadata-preview", reader: true},
		{name: "variantType-preview", reader: true},
		{name: "variantShredding-preview", reader: true},
		{name: "catalogOwned-preview", reader: true},
		{name: "coordinatedCommits-preview"},
		{name: "redirectReaderWriter-preview", reader: true},
		{name: "redirectWriterOnly-preview"},
		{name: "timeType-preview", reader: true},
	}
}

func lookup(name string) (feature, bool) {
	for _, f := range features() {
		if f.name == name {
			return f, true
		}
	}
	return feature{name: name}, false
}

// readable refuses what cannot be read. It looks at the properties alone, not at the schema.
func readable(p *Protocol, table string, m *Metadata) error {
	var missing []string
	switch {
	case p.MinReader > 3:
		missing = append(missing, fmt.Sprintf("reader version %d", p.MinReader))
	case p.MinReader == 3:
		for _, name := range p.ReaderFeatures {
			f, _ := lookup(name)
			if !f.read && (f.used == nil || f.used(m)) {
				missing = append(missing, name)
			}
		}
	}
	// Also where the protocol does not say so, as some writers have left it: the columns would be
	// looked for by the wrong names, and found null.
	if mapped(m) && !slices.Contains(missing, featureColumnMapping) {
		missing = append(missing, featureColumnMapping)
	}
	if missing == nil {
		return nil
	}
	return &UnsupportedError{Table: table, Features: missing, Reader: true}
}

// writable refuses what cannot be written.
func writable(p *Protocol, table string, m *Metadata) error {
	var missing []string
	if p.MinWriter > 7 {
		missing = append(missing, fmt.Sprintf("writer version %d", p.MinWriter))
	}
	for _, f := range writerFeatures(p) {
		if !f.write && (f.used == nil || f.used(m)) {
			missing = append(missing, f.name)
		}
	}
	if missing == nil {
		return nil
	}
	return &UnsupportedError{Table: table, Features: missing}
}

// writerFeatures is what a writer must respect: the listed ones, or those its version implies.
func writerFeatures(p *Protocol) []feature {
	var out []feature
	if p.MinWriter >= 7 {
		for _, name := range p.WriterFeatures {
			f, _ := lookup(name)
			out = append(out, f)
		}
		return out
	}
	for _, f := range features() {
		if f.legacy > 0 && f.legacy <= p.MinWriter {
			out = append(out, f)
		}
	}
	return out
}

func supports(p *Protocol, name string) bool {
	return slices.ContainsFunc(writerFeatures(p), func(f feature) bool { return f.name == name })
}

// valid is the shape that PROTOCOL.md demands of the action.
func valid(p *Protocol) error {
	switch {
	case p.MinReader == 3 && p.MinWriter != 7:
		return fmt.Errorf("protocol: reader version 3 with writer version %d", p.MinWriter)
	case p.MinReader == 3 && p.ReaderFeatures == nil:
		return fmt.Errorf("protocol: reader version 3 without readerFeatures")
	case p.MinWriter == 7 && p.WriterFeatures == nil:
		return fmt.Errorf("protocol: writer version 7 without writerFeatures")
	}
	return nil
}

// required are the features that a table needs because of what its metadata says.
func required(m *Metadata) []string {
	var out []string
	if m.Schema != nil && anyType(m.Schema, func(t schema.Type) bool { return t == schema.TimestampNTZ }) {
		out = append(out, featureTimestampNTZ)
	}
	if m.Schema != nil && anyType(m.Schema, func(t schema.Type) bool { return t == schema.Variant }) {
		out = append(out, "variantType")
	}
	if enabled("delta.enableTypeWidening")(m) || anyField("delta.typeChanges")(m) {
		out = append(out, featureTypeWidening)
	}
	if enabled("delta.enableDeletionVectors")(m) {
		out = append(out, featureDeletionVectors)
	}
	if enabled("delta.enableInCommitTimestamps")(m) {
		out = append(out, featureInCommitTime)
	}
	if enabled("delta.enableRowTracking")(m) {
		out = append(out, "rowTracking")
	}
	if enabled("delta.enableChangeDataFeed")(m) {
		out = append(out, featureChangeFeed)
	}
	if len(m.Constraints()) > 0 {
		out = append(out, featureConstraints)
	}
	for _, f := range features() {
		if f.used != nil && !slices.Contains(out, f.name) && f.used(m) && f.name != featureInvariants {
			out = append(out, f.name)
		}
	}
	if m.Configuration["delta.checkpointPolicy"] == "v2" {
		out = append(out, "v2Checkpoint")
	}
	for _, key := range slices.Sorted(maps.Keys(m.Configuration)) {
		name, ok := strings.CutPrefix(key, "delta.feature.")
		if ok && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// upgrade is the least protocol that has all of p and the named features.
func upgrade(p Protocol, names []string) Protocol {
	p.MinReader, p.MinWriter = max(p.MinReader, 1), max(p.MinWriter, 2)
	var add []feature
	byName := p.MinWriter >= 7
	for _, name := range names {
		f, _ := lookup(name)
		if !supports(&p, name) || f.reader && p.MinReader < 2 {
			add = append(add, f)
		}
		byName = byName || f.legacy == 0
	}
	if len(add) == 0 {
		return p
	}
	if !byName {
		for _, f := range add {
			p.MinWriter = max(p.MinWriter, f.legacy)
			if f.reader {
				p.MinReader = max(p.MinReader, 2)
			}
		}
		return p
	}
	return named(p, add)
}

// named lists features by name, those that the old version implied among them.
func named(p Protocol, add []feature) Protocol {
	out := Protocol{MinReader: p.MinReader, MinWriter: 7, WriterFeatures: []string{}}
	for _, f := range append(writerFeatures(&p), add...) {
		if !slices.Contains(out.WriterFeatures, f.name) {
			out.WriterFeatures = append(out.WriterFeatures, f.name)
		}
		if f.reader && (p.MinReader >= 2 || slices.ContainsFunc(add, func(g feature) bool { return g.name == f.name })) {
			out.MinReader = 3
		}
	}
	if out.MinReader < 3 {
		return out
	}
	out.ReaderFeatures = []string{}
	for _, name := range out.WriterFeatures {
		if f, _ := lookup(name); f.reader {
			out.ReaderFeatures = append(out.ReaderFeatures, name)
		}
	}
	return out
}

func sameProtocol(p, o Protocol) bool {
	return p.MinReader == o.MinReader && p.MinWriter == o.MinWriter &&
		slices.Equal(p.ReaderFeatures, o.ReaderFeatures) && slices.Equal(p.WriterFeatures, o.WriterFeatures)
}

func mapped(m *Metadata) bool {
	mode := m.Configuration["delta.columnMapping.mode"]
	return mode != "" && mode != "none"
}

func enabled(property string) func(*Metadata) bool {
	return func(m *Metadata) bool { return strings.EqualFold(m.Configuration[property], "true") }
}

// anyField says whether some field, however deep, has the key in its metadata.
func anyField(key string) func(*Metadata) bool {
	return func(m *Metadata) bool {
		return m.Schema != nil && anyType(m.Schema, func(t schema.Type) bool {
			s, ok := t.(*schema.Struct)
			return ok && slices.ContainsFunc(s.Fields, func(f schema.Field) bool {
				v, has := f.Metadata[key]
				return has && v != nil
			})
		})
	}
}

func anyType(t schema.Type, is func(schema.Type) bool) bool {
	if is(t) {
		return true
	}
	switch t := t.(type) {
	case *schema.Struct:
		return slices.ContainsFunc(t.Fields, func(f schema.Field) bool { return anyType(f.Type, is) })
	case *schema.Array:
		return anyType(t.Element, is)
	case *schema.Map:
		return anyType(t.Key, is) || anyType(t.Value, is)
	}
	return false
}
