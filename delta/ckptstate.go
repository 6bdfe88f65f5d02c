package delta

import (
	"context"
	"errors"
)

// checkpointState reads the few rows of a checkpoint that are not files.
func (t *Table) checkpointState(ctx context.Context, c *checkpoint) (state, error) {
	r, err := t.openManifest(ctx, c)
	if err != nil {
		return state{}, err
	}
	defer r.close()
	st := state{}
	if r.actions != nil {
		st.apply(r.actions)
		return st, nil
	}
	a := &actions{}
	for _, f := range r.files {
		if err := r.kinds(ctx, f, a); err != nil {
			return state{}, err
		}
	}
	if a.protocol == nil || a.metadata == nil {
		return state{}, r.corrupt(r.files[0], errors.New("checkpoint without protocol or metaData"))
	}
	st.apply(a)
	return st, nil
}

func (r *checkpointReader) kinds(ctx context.Context, f *parquetFile, a *actions) error {
	err := r.rows(ctx, f, []string{"protocol", "minReaderVersion"}, func(c *record) error {
		if a.protocol != nil {
			return errors.New("a second protocol action")
		}
		p := &Protocol{MinReader: int(c.number("minReaderVersion")), MinWriter: int(c.number("minWriterVersion"))}
		if p.MinReader >= 3 {
			p.ReaderFeatures = c.list("readerFeatures")
		}
		if p.MinWriter >= 7 {
			p.WriterFeatures = c.list("writerFeatures")
		}
		a.protocol = p
		return nil
	})
	if err != nil {
		return err
	}
	err = r.rows(ctx, f, []string{"metaData", "id"}, func(c *record) error {
		if a.metadata != nil {
			return errors.New("a second metaData action")
		}
		a.metadata = c.metadata()
		return nil
	})
	if err != nil {
		return err
	}
	err = r.rows(ctx, f, []string{"txn", "appId"}, func(c *record) error {
		a.txns = append(a.txns, transaction{app: c.text("appId"), version: c.number("version"), updated: c.number("lastUpdated")})
		return nil
	})
	if err != nil {
		return err
	}
	return r.rows(ctx, f, []string{"domainMetadata", "domain"}, func(c *record) error {
		a.domains = append(a.domains, domain{name: c.text("domain"), configuration: c.text("configuration"), removed: c.truth("removed")})
		return nil
	})
}

func (c *record) metadata() *metadata {
	m := &metadata{format: c.text("format.provider"), options: c.pairs("format.options"), schema: c.text("schemaString")}
	m.ID, m.Name, m.Description = c.text("id"), c.text("name"), c.text("description")
	m.PartitionColumns = c.list("partitionColumns")
	m.Configuration = c.pairs("configuration")
	m.CreatedAt = c.number("createdTime")
	if m.format == "" {
		m.format = "parquet"
	}
	return m
}
