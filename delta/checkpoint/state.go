package checkpoint

import (
	"context"
	"errors"

	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/store"
)

// ReadState reads the few rows of a checkpoint that are not files: protocol, metadata, transactions, domains. Damage
// is a *DamagedError.
func ReadState(ctx context.Context, s store.Store, folder string, c *Checkpoint) (*log.Actions, error) {
	r, err := openManifest(ctx, s, folder, c)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if r.actions != nil {
		return r.actions, nil
	}
	a := &log.Actions{}
	for _, f := range r.files {
		if err := r.kinds(ctx, f, a); err != nil {
			return nil, err
		}
	}
	if a.Protocol == nil || a.Metadata == nil {
		return nil, r.corrupt(r.files[0], errors.New("checkpoint without protocol or metaData"))
	}
	return a, nil
}

func (r *Reader) kinds(ctx context.Context, f *parquetFile, a *log.Actions) error {
	err := r.rows(ctx, f, []string{"protocol", "minReaderVersion"}, func(c *record) error {
		if a.Protocol != nil {
			return errors.New("a second protocol action")
		}
		p := &log.Protocol{MinReader: int(c.number("minReaderVersion")), MinWriter: int(c.number("minWriterVersion"))}
		if p.MinReader >= 3 {
			p.ReaderFeatures = c.list("readerFeatures")
		}
		if p.MinWriter >= 7 {
			p.WriterFeatures = c.list("writerFeatures")
		}
		a.Protocol = p
		return nil
	})
	if err != nil {
		return err
	}
	err = r.rows(ctx, f, []string{"metaData", "id"}, func(c *record) error {
		if a.Metadata != nil {
			return errors.New("a second metaData action")
		}
		a.Metadata = c.metadata()
		return nil
	})
	if err != nil {
		return err
	}
	err = r.rows(ctx, f, []string{"txn", "appId"}, func(c *record) error {
		a.Txns = append(a.Txns, log.Transaction{App: c.text("appId"), Version: c.number("version"), Updated: c.number("lastUpdated")})
		return nil
	})
	if err != nil {
		return err
	}
	return r.rows(ctx, f, []string{"domainMetadata", "domain"}, func(c *record) error {
		a.Domains = append(a.Domains, log.Domain{Name: c.text("domain"), Configuration: c.text("configuration"), Removed: c.truth("removed")})
		return nil
	})
}

func (c *record) metadata() *log.MetadataAction {
	m := &log.MetadataAction{Format: c.text("format.provider"), Options: c.pairs("format.options"), SchemaText: c.text("schemaString")}
	m.ID, m.Name, m.Description = c.text("id"), c.text("name"), c.text("description")
	m.PartitionColumns = c.list("partitionColumns")
	m.Configuration = c.pairs("configuration")
	m.CreatedAt = c.number("createdTime")
	if m.Format == "" {
		m.Format = "parquet"
	}
	return m
}
