package log

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/petalake/petalake/delta/schema"
)

// Actions is what one file of the log holds, by kind.
type Actions struct {
	Info     *CommitInfo
	Protocol *Protocol
	Metadata *MetadataAction
	Adds     []AddAction
	Removes  []RemoveAction
	Txns     []Transaction
	Domains  []Domain
	Sidecars []Sidecar
	cdc      int // change data files: counted, never read
	v2       bool
}

// Parse reads the lines of a commit, or of a checkpoint in JSON. Unknown actions and fields
// are passed over. The error says which line it was.
func Parse(text []byte) (*Actions, int, error) {
	a := &Actions{}
	line := 0
	for len(text) > 0 {
		var row []byte
		row, text, _ = bytes.Cut(text, []byte{'\n'})
		line++
		if len(bytes.TrimSpace(row)) == 0 {
			continue
		}
		if err := a.Line(row); err != nil {
			return nil, line, err
		}
	}
	return a, 0, nil
}

// Line adds the action of one line.
func (a *Actions) Line(row []byte) error {
	s := NewScanner(row)
	if err := s.Object(func(key string) error { return a.action(s, key) }); err != nil {
		return err
	}
	return s.End()
}

func (a *Actions) action(s *Scanner, kind string) error {
	if s.Null() {
		return nil
	}
	switch kind {
	case "add":
		a.Adds = append(a.Adds, AddAction{})
		return named("add", a.Adds[len(a.Adds)-1].parse(s))
	case "remove":
		a.Removes = append(a.Removes, RemoveAction{})
		return named("remove", a.Removes[len(a.Removes)-1].parse(s))
	case "commitInfo":
		info, err := parseInfo(s)
		if a.Info == nil {
			a.Info = info
		}
		return named("commitInfo", err)
	case "metaData":
		if a.Metadata != nil {
			return errors.New("a second metaData action")
		}
		a.Metadata = &MetadataAction{}
		return named("metaData", a.Metadata.Parse(s))
	case "protocol":
		if a.Protocol != nil {
			return errors.New("a second protocol action")
		}
		a.Protocol = &Protocol{}
		return named("protocol", a.Protocol.Parse(s))
	case "txn":
		t, err := ParseTransaction(s)
		a.Txns = append(a.Txns, t)
		return named("txn", err)
	case "domainMetadata":
		d, err := ParseDomain(s)
		a.Domains = append(a.Domains, d)
		return named("domainMetadata", err)
	case "sidecar":
		c, err := parseSidecar(s)
		a.Sidecars = append(a.Sidecars, c)
		return named("sidecar", err)
	case "checkpointMetadata":
		a.v2 = true
	case "cdc":
		a.cdc++
	}
	return s.Skip()
}

func named(action string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

// Fields reads an object by a function that says false for a field it does not know.
func (s *Scanner) Fields(field func(key string) (known bool, err error)) error {
	return s.Object(func(key string) error {
		known, err := field(key)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if !known {
			return s.Skip()
		}
		return nil
	})
}

func (a *AddAction) parse(s *Scanner) error {
	a.DataChange = true
	var sized bool
	err := s.Fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "path":
			var uri string
			if uri, err = s.Text(); err == nil {
				a.Path, err = DecodePath(uri)
				a.Foreign = Foreign(uri, a.Path)
			}
		case "partitionValues":
			a.PartitionValues, err = s.nullable()
		case "size":
			sized = true
			a.Size, err = s.Integer()
		case "modificationTime":
			a.ModTime, err = s.IntegerOr(0)
		case "dataChange":
			a.DataChange, err = s.boolean()
		case "stats":
			a.StatsText, err = s.Optional()
		case "tags":
			a.Tags, err = s.pairs()
		case "deletionVector":
			a.DeletionVector, err = parseVector(s)
		case "baseRowId":
			a.BaseRowID, err = s.Maybe()
		case "defaultRowCommitVersion":
			a.RowCommitVersion, err = s.Maybe()
		case "clusteringProvider":
			a.Clustering, err = s.Optional()
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

func (r *RemoveAction) parse(s *Scanner) error {
	r.DataChange = true
	err := s.Fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "path":
			r.Path, err = parsePath(s)
		case "partitionValues":
			r.PartitionValues, err = s.nullable()
		case "size":
			r.Size, err = s.IntegerOr(0)
		case "deletionTimestamp":
			r.DeletedAt, err = s.IntegerOr(0)
		case "dataChange":
			r.DataChange, err = s.boolean()
		case "extendedFileMetadata":
			if !s.Null() {
				r.Extended, err = s.boolean()
			}
		case "stats":
			r.StatsText, err = s.Optional()
		case "tags":
			r.Tags, err = s.pairs()
		case "deletionVector":
			r.DeletionVector, err = parseVector(s)
		case "baseRowId":
			r.BaseRowID, err = s.Maybe()
		case "defaultRowCommitVersion":
			r.RowCommitVersion, err = s.Maybe()
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

func parsePath(s *Scanner) (string, error) {
	uri, err := s.Text()
	if err != nil {
		return "", err
	}
	return DecodePath(uri)
}

// Maybe reads an integer or null.
func (s *Scanner) Maybe() (*int64, error) {
	if s.Null() {
		return nil, nil
	}
	n, err := s.Integer()
	return &n, err
}

// IntegerOr reads an integer, or takes null for another.
func (s *Scanner) IntegerOr(otherwise int64) (int64, error) {
	if s.Null() {
		return otherwise, nil
	}
	return s.Integer()
}

func parseVector(s *Scanner) (*DeletionVector, error) {
	if s.Null() {
		return nil, nil
	}
	v := &DeletionVector{}
	err := s.Fields(func(key string) (known bool, err error) {
		var n int64
		switch known = true; key {
		case "storageType":
			v.Storage, err = s.Text()
		case "pathOrInlineDv":
			v.PathOrData, err = s.Text()
		case "offset":
			var at *int64
			if at, err = s.Maybe(); at != nil {
				small := int32(*at)
				v.Offset = &small
			}
		case "sizeInBytes":
			n, err = s.Integer()
			v.Size = int32(n)
		case "cardinality":
			v.Cardinality, err = s.Integer()
		default:
			known = false
		}
		return known, err
	})
	return v, err
}

// Parse reads the object of a metaData action. The schema stays text until Resolve.
func (m *MetadataAction) Parse(s *Scanner) error {
	m.Format = "parquet"
	err := s.Fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "id":
			m.ID, err = s.Optional()
		case "name":
			m.Name, err = s.Optional()
		case "description":
			m.Description, err = s.Optional()
		case "format":
			err = m.parseFormat(s)
		case "schemaString":
			m.SchemaText, err = s.Text()
		case "partitionColumns":
			m.PartitionColumns, err = s.texts()
		case "configuration":
			m.Configuration, err = s.pairs()
		case "createdTime":
			m.CreatedAt, err = s.IntegerOr(0)
		default:
			known = false
		}
		return known, err
	})
	if err == nil && m.SchemaText == "" {
		err = errors.New("no schemaString")
	}
	return err
}

func (m *MetadataAction) parseFormat(s *Scanner) error {
	if s.Null() {
		return nil
	}
	return s.Fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "provider":
			m.Format, err = s.Text()
		case "options":
			m.Options, err = s.pairs()
		default:
			known = false
		}
		return known, err
	})
}

// Resolve parses the schema and holds the partition columns against it.
func (m *MetadataAction) Resolve() error {
	if m.Schema != nil {
		return nil
	}
	if m.Format != "parquet" {
		return fmt.Errorf("metaData: data files in format %q", m.Format)
	}
	sch, err := schema.Parse([]byte(m.SchemaText))
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

// Parse reads the object of a protocol action.
func (p *Protocol) Parse(s *Scanner) error {
	err := s.Fields(func(key string) (known bool, err error) {
		var n int64
		switch known = true; key {
		case "minReaderVersion":
			n, err = s.Integer()
			p.MinReader = int(n)
		case "minWriterVersion":
			n, err = s.Integer()
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

// ParseTransaction reads the object of a txn action.
func ParseTransaction(s *Scanner) (t Transaction, err error) {
	err = s.Fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "appId":
			t.App, err = s.Text()
		case "version":
			t.Version, err = s.Integer()
		case "lastUpdated":
			t.Updated, err = s.IntegerOr(0)
		default:
			known = false
		}
		return known, err
	})
	return t, err
}

// ParseDomain reads the object of a domainMetadata action.
func ParseDomain(s *Scanner) (d Domain, err error) {
	err = s.Fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "domain":
			d.Name, err = s.Text()
		case "configuration":
			d.Configuration, err = s.Optional()
		case "removed":
			d.Removed, err = s.boolean()
		default:
			known = false
		}
		return known, err
	})
	return d, err
}

func parseSidecar(s *Scanner) (c Sidecar, err error) {
	err = s.Fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "path":
			c.Path, err = parsePath(s)
		case "sizeInBytes":
			c.Size, err = s.Integer()
		default:
			known = false
		}
		return known, err
	})
	return c, err
}
