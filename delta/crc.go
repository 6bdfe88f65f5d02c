package delta

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/store"
)

// totals is what a .crc counts.
type totals struct {
	files, bytes int64
}

// versionChecksum is a <version>.crc file: the state of one version without its files.
type versionChecksum struct {
	totals
	id       string // of the transaction
	inCommit *int64
	txns     []log.Transaction
	domains  []log.Domain
	metadata *log.MetadataAction
	protocol *Protocol

	hasTotals, hasTxns, hasDomains bool
}

// complete says whether a snapshot can be opened from the checksum alone.
func (c *versionChecksum) complete() bool {
	return c.metadata != nil && c.protocol != nil && c.hasTxns && c.hasDomains && c.hasTotals
}

func (c *versionChecksum) state() state {
	st := state{protocol: c.protocol, metadata: c.metadata}
	st.apply(&log.Actions{Txns: c.txns, Domains: c.domains})
	return st
}

// readChecksum is nil for a file that is gone or damaged: a reader goes on without.
func (l tableLog) readChecksum(ctx context.Context, v int64) (*versionChecksum, error) {
	text, err := store.ReadAll(ctx, l.store, l.crcKey(v))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := parseChecksum(text)
	if err != nil {
		return nil, nil
	}
	return c, nil
}

func parseChecksum(text []byte) (*versionChecksum, error) {
	s := log.NewScanner(text)
	c := &versionChecksum{}
	seen := 0
	err := s.Fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "txnId":
			c.id, err = s.Optional()
		case "tableSizeBytes":
			seen |= 1
			c.bytes, err = s.Integer()
		case "numFiles":
			seen |= 2
			c.files, err = s.Integer()
		case "inCommitTimestampOpt":
			c.inCommit, err = s.Maybe()
		case "setTransactions":
			c.hasTxns, err = s.List(func() error {
				t, err := log.ParseTransaction(s)
				c.txns = append(c.txns, t)
				return err
			})
		case "domainMetadata":
			c.hasDomains, err = s.List(func() error {
				d, err := log.ParseDomain(s)
				c.domains = append(c.domains, d)
				return err
			})
		case "metadata":
			c.metadata = &log.MetadataAction{}
			err = c.metadata.Parse(s)
		case "protocol":
			c.protocol = &Protocol{}
			err = c.protocol.Parse(s)
		default:
			known = false
		}
		return known, err
	})
	if err == nil {
		err = s.End()
	}
	c.hasTotals = seen == 3
	return c, err
}

func (c *versionChecksum) format() []byte {
	b := append([]byte(nil), `{"txnId":`...)
	b = log.AppendText(b, c.id)
	b = log.AppendInt(b, `,"tableSizeBytes":`, c.bytes)
	b = log.AppendInt(b, `,"numFiles":`, c.files)
	b = append(b, `,"numMetadata":1,"numProtocol":1`...)
	b = log.AppendMaybe(b, `,"inCommitTimestampOpt":`, c.inCommit)
	b = append(b, `,"setTransactions":[`...)
	for i, t := range c.txns {
		if i > 0 {
			b = append(b, ',')
		}
		b = log.AppendTransactionObject(b, t)
	}
	b = append(b, `],"domainMetadata":[`...)
	for i, d := range c.domains {
		if i > 0 {
			b = append(b, ',')
		}
		b = log.AppendDomainObject(b, d)
	}
	b = append(b, `],"metadata":`...)
	b = log.AppendMetadataObject(b, c.metadata)
	b = append(b, `,"protocol":`...)
	b = log.AppendProtocolObject(b, c.protocol)
	return append(b, "}\n"...)
}

// checksumOf describes a snapshot whose totals are known.
func checksumOf(s *Snapshot, sum totals, id string) *versionChecksum {
	c := &versionChecksum{totals: sum, id: id, inCommit: s.inCommit, metadata: s.state.metadata, protocol: s.state.protocol}
	for _, app := range slices.Sorted(maps.Keys(s.state.txns)) {
		c.txns = append(c.txns, s.state.txns[app])
	}
	for _, name := range slices.Sorted(maps.Keys(s.state.domains)) {
		c.domains = append(c.domains, s.state.domains[name])
	}
	return c
}
