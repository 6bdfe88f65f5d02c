package delta

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/petalake/petalake/delta/schema"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// actions is what one file of the log holds, by kind.
type actions struct {
	info     *CommitInfo
	protocol *Protocol
	metadata *metadata
	adds     []logAdd
	removes  []logRemove
	txns     []transaction
	domains  []domain
	sidecars []sidecar
	cdc      int // change data files: counted, never read
	v2       bool
}

// parseActions reads the lines of a commit, or of a checkpoint in JSON. Unknown actions and fields
// are passed over. The error says which line it was.
func parseActions(text []byte) (*actions, int, error) {
	a := &actions{}
	line := 0
	for len(text) > 0 {
		var row []byte
		row, text, _ = bytes.Cut(text, []byte{'\n'})
		line++
		if len(bytes.TrimSpace(row)) == 0 {
			continue
		}
		if err := a.line(row); err != nil {
			return nil, line, err
		}
	}
	return a, 0, nil
}

func (a *actions) line(row []byte) error {
	s := &scanner{b: row}
	if err := s.object(func(key string) error { return a.action(s, key) }); err != nil {
		return err
	}
	return s.end()
}

func (a *actions) action(s *scanner, kind string) error {
	if s.null() {
		return nil
	}
	switch kind {
	case "add":
		a.adds = append(a.adds, logAdd{})
		return named("add", a.adds[len(a.adds)-1].parse(s))
	case "remove":
		a.removes = append(a.removes, logRemove{})
		return named("remove", a.removes[len(a.removes)-1].parse(s))
	case "commitInfo":
		info, err := parseInfo(s)
		if a.info == nil {
			a.info = info
		}
		return named("commitInfo", err)
	case "metaData":
		if a.metadata != nil {
			return errors.New("a second metaData action")
		}
		a.metadata = &metadata{}
		return named("metaData", a.metadata.parse(s))
	case "protocol":
		if a.protocol != nil {
			return errors.New("a second protocol action")
		}
		a.protocol = &Protocol{}
		return named("protocol", a.protocol.parse(s))
	case "txn":
		t, err := parseTransaction(s)
		a.txns = append(a.txns, t)
		return named("txn", err)
	case "domainMetadata":
		d, err := parseDomain(s)
		a.domains = append(a.domains, d)
		return named("domainMetadata", err)
	case "sidecar":
		c, err := parseSidecar(s)
		a.sidecars = append(a.sidecars, c)
		return named("sidecar", err)
	case "checkpointMetadata":
		a.v2 = true
	case "cdc":
		a.cdc++
	}
	return s.skip()
}

func named(action string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

// fields reads an object by a function that says false for a field it does not know.
func (s *scanner) fields(field func(key string) (known bool, err error)) error {
	return s.object(func(key string) error {
		known, err := field(key)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if !known {
			return s.skip()
		}
		return nil
	})
}

func (a *logAdd) parse(s *scanner) error {
	a.DataChange = true
	var sized bool
	err := s.fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "path":
			a.Path, err = parsePath(s)
		case "partitionValues":
			a.PartitionValues, err = s.nullable()
		case "size":
			sized = true
			a.Size, err = s.integer()
		case "modificationTime":
			a.ModTime, err = s.integerOr(0)
		case "dataChange":
			a.DataChange, err = s.boolean()
		case "stats":
			a.stats, err = s.optional()
		case "tags":
			a.Tags, err = s.pairs()
		case "deletionVector":
			a.DeletionVector, err = parseVector(s)
		case "baseRowId":
			a.BaseRowID, err = s.maybe()
		case "defaultRowCommitVersion":
			a.RowCommitVersion, err = s.maybe()
		case "clusteringProvider":
			a.Clustering, err = s.optional()
		default:
			known = false
		}
		return known, err
	})
	if err == nil && a.Path == "" {
		err = errors.New("no path")
	}
	if err == nil && (!sized || a.Size < 0) {
		err = fmt.Errorf("%s: no size", a.Path)
	}
	return err
}

func (r *logRemove) parse(s *scanner) error {
	r.DataChange = true
	err := s.fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "path":
			r.Path, err = parsePath(s)
		case "partitionValues":
			r.PartitionValues, err = s.nullable()
		case "size":
			r.Size, err = s.integerOr(0)
		case "deletionTimestamp":
			r.DeletedAt, err = s.integerOr(0)
		case "dataChange":
			r.DataChange, err = s.boolean()
		case "extendedFileMetadata":
			if !s.null() {
				r.Extended, err = s.boolean()
			}
		case "stats":
			r.stats, err = s.optional()
		case "tags":
			r.tags, err = s.pairs()
		case "deletionVector":
			r.DeletionVector, err = parseVector(s)
		case "baseRowId":
			r.BaseRowID, err = s.maybe()
		case "defaultRowCommitVersion":
			r.RowCommitVersion, err = s.maybe()
		default:
			known = false
		}
		return known, err
	})
	if err == nil && r.Path == "" {
		err = errors.New("no path")
	}
	return err
}

func parsePath(s *scanner) (string, error) {
	uri, err := s.text()
	if err != nil {
		return "", err
	}
	return decodePath(uri)
}

// maybe reads an integer or null.
func (s *scanner) maybe() (*int64, error) {
	if s.null() {
		return nil, nil
	}
	n, err := s.integer()
	return &n, err
}

func (s *scanner) integerOr(otherwise int64) (int64, error) {
	if s.null() {
		return otherwise, nil
	}
	return s.integer()
}

func parseVector(s *scanner) (*DeletionVector, error) {
	if s.null() {
		return nil, nil
	}
	v := &DeletionVector{}
	err := s.fields(func(key string) (known bool, err error) {
		var n int64
		switch known = true; key {
		case "storageType":
			v.Storage, err = s.text()
		case "pathOrInlineDv":
			v.PathOrData, err = s.text()
		case "offset":
			var at *int64
			if at, err = s.maybe(); at != nil {
				small := int32(*at)
				v.Offset = &small
			}
		case "sizeInBytes":
			n, err = s.integer()
			v.Size = int32(n)
		case "cardinality":
			v.Cardinality, err = s.integer()
		default:
			known = false
		}
		return known, err
	})
	return v, err
}

func (m *metadata) parse(s *scanner) error {
	m.format = "parquet"
	err := s.fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "id":
			m.ID, err = s.optional()
		case "name":
			m.Name, err = s.optional()
		case "description":
			m.Description, err = s.optional()
		case "format":
			err = m.parseFormat(s)
		case "schemaString":
			m.schema, err = s.text()
		case "partitionColumns":
			m.PartitionColumns, err = s.texts()
		case "configuration":
			m.Configuration, err = s.pairs()
		case "createdTime":
			m.CreatedAt, err = s.integerOr(0)
		default:
			known = false
		}
		return known, err
	})
	if err == nil && m.schema == "" {
		err = errors.New("no schemaString")
	}
	return err
}

func (m *metadata) parseFormat(s *scanner) error {
	if s.null() {
		return nil
	}
	return s.fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "provider":
			m.format, err = s.text()
		case "options":
			m.options, err = s.pairs()
		default:
			known = false
		}
		return known, err
	})
}

// resolve parses the schema and holds the partition columns against it.
func (m *metadata) resolve() error {
	if m.Schema != nil {
		return nil
	}
	if m.format != "parquet" {
		return fmt.Errorf("metaData: data files in format %q", m.format)
	}
	sch, err := schema.Parse([]byte(m.schema))
	if err != nil {
		return fmt.Errorf("metaData: %w", err)
	}
	m.Schema = sch
	for _, name := range m.PartitionColumns {
		if sch.Index(name) < 0 {
			return fmt.Errorf("metaData: partition column %s is not in the schema", name)
		}
	}
	return nil
}

func (p *Protocol) parse(s *scanner) error {
	err := s.fields(func(key string) (known bool, err error) {
		var n int64
		switch known = true; key {
		case "minReaderVersion":
			n, err = s.integer()
			p.MinReader = int(n)
		case "minWriterVersion":
			n, err = s.integer()
			p.MinWriter = int(n)
		case "readerFeatures":
			p.ReaderFeatures, err = s.texts()
		case "writerFeatures":
			p.WriterFeatures, err = s.texts()
		default:
			known = false
		}
		return known, err
	})
	if err == nil && (p.MinReader < 1 || p.MinWriter < 1) {
		err = fmt.Errorf("versions %d and %d", p.MinReader, p.MinWriter)
	}
	return err
}

func parseTransaction(s *scanner) (t transaction, err error) {
	err = s.fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "appId":
			t.app, err = s.text()
		case "version":
			t.version, err = s.integer()
		case "lastUpdated":
			t.updated, err = s.integerOr(0)
		default:
			known = false
		}
		return known, err
	})
	return t, err
}

func parseDomain(s *scanner) (d domain, err error) {
	err = s.fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "domain":
			d.name, err = s.text()
		case "configuration":
			d.configuration, err = s.optional()
		case "removed":
			d.removed, err = s.boolean()
		default:
			known = false
		}
		return known, err
	})
	return d, err
}

func parseSidecar(s *scanner) (c sidecar, err error) {
	err = s.fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "path":
			c.path, err = parsePath(s)
		case "sizeInBytes":
			c.size, err = s.integer()
		default:
			known = false
		}
		return known, err
	})
	return c, err
}
