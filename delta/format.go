package delta

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Here actions become lines of JSON. Object members that come from maps are sorted, so that equal
// actions are equal bytes.

func appendText(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			text, _ := json.Marshal(s) // of a string: cannot fail
			return append(b, text...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendPairs(b []byte, m map[string]string) []byte {
	b = append(b, '{')
	for i, k := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, k)
		b = append(b, ':')
		b = appendText(b, m[k])
	}
	return append(b, '}')
}

func appendNullable(b []byte, m map[string]*string) []byte {
	b = append(b, '{')
	for i, k := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, k)
		b = append(b, ':')
		if v := m[k]; v == nil {
			b = append(b, "null"...)
		} else {
			b = appendText(b, *v)
		}
	}
	return append(b, '}')
}

func appendTexts(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, s)
	}
	return append(b, ']')
}

func appendInt(b []byte, key string, n int64) []byte {
	b = append(b, key...)
	return strconv.AppendInt(b, n, 10)
}

func appendMaybe(b []byte, key string, n *int64) []byte {
	if n == nil {
		return b
	}
	return appendInt(b, key, *n)
}

func appendAdd(b []byte, a *logAdd) []byte {
	b = append(b, `{"add":`...)
	b = appendAddObject(b, a)
	return append(b, "}\n"...)
}

func appendAddObject(b []byte, a *logAdd) []byte {
	b = append(b, `{"path":`...)
	b = appendText(b, encodePath(a.Path))
	b = append(b, `,"partitionValues":`...)
	b = appendNullable(b, a.PartitionValues)
	b = appendInt(b, `,"size":`, a.Size)
	b = appendInt(b, `,"modificationTime":`, a.ModTime)
	b = append(b, `,"dataChange":`...)
	b = strconv.AppendBool(b, a.DataChange)
	if a.stats != "" {
		b = append(b, `,"stats":`...)
		b = appendText(b, a.stats)
	}
	if len(a.Tags) > 0 {
		b = append(b, `,"tags":`...)
		b = appendPairs(b, a.Tags)
	}
	b = appendFileTail(b, a.DeletionVector, a.BaseRowID, a.RowCommitVersion)
	if a.Clustering != "" {
		b = append(b, `,"clusteringProvider":`...)
		b = appendText(b, a.Clustering)
	}
	return append(b, '}')
}

func appendFileTail(b []byte, v *DeletionVector, row, version *int64) []byte {
	if v != nil {
		b = append(b, `,"deletionVector":{"storageType":`...)
		b = appendText(b, v.Storage)
		b = append(b, `,"pathOrInlineDv":`...)
		b = appendText(b, v.PathOrData)
		if v.Offset != nil {
			b = appendInt(b, `,"offset":`, int64(*v.Offset))
		}
		b = appendInt(b, `,"sizeInBytes":`, int64(v.Size))
		b = appendInt(b, `,"cardinality":`, v.Cardinality)
		b = append(b, '}')
	}
	b = appendMaybe(b, `,"baseRowId":`, row)
	return appendMaybe(b, `,"defaultRowCommitVersion":`, version)
}

func appendRemove(b []byte, r *logRemove) []byte {
	b = append(b, `{"remove":{"path":`...)
	b = appendText(b, encodePath(r.Path))
	b = appendInt(b, `,"deletionTimestamp":`, r.DeletedAt)
	b = append(b, `,"dataChange":`...)
	b = strconv.AppendBool(b, r.DataChange)
	if r.Extended {
		b = append(b, `,"extendedFileMetadata":true,"partitionValues":`...)
		b = appendNullable(b, r.PartitionValues)
		b = appendInt(b, `,"size":`, r.Size)
	}
	if r.stats != "" {
		b = append(b, `,"stats":`...)
		b = appendText(b, r.stats)
	}
	if len(r.tags) > 0 {
		b = append(b, `,"tags":`...)
		b = appendPairs(b, r.tags)
	}
	b = appendFileTail(b, r.DeletionVector, r.BaseRowID, r.RowCommitVersion)
	return append(b, "}}\n"...)
}

func appendProtocol(b []byte, p *Protocol) []byte {
	b = append(b, `{"protocol":`...)
	b = appendProtocolObject(b, p)
	return append(b, "}\n"...)
}

func appendProtocolObject(b []byte, p *Protocol) []byte {
	b = appendInt(b, `{"minReaderVersion":`, int64(p.MinReader))
	b = appendInt(b, `,"minWriterVersion":`, int64(p.MinWriter))
	if p.ReaderFeatures != nil {
		b = append(b, `,"readerFeatures":`...)
		b = appendTexts(b, p.ReaderFeatures)
	}
	if p.WriterFeatures != nil {
		b = append(b, `,"writerFeatures":`...)
		b = appendTexts(b, p.WriterFeatures)
	}
	return append(b, '}')
}

func appendMetadata(b []byte, m *metadata) []byte {
	b = append(b, `{"metaData":`...)
	b = appendMetadataObject(b, m)
	return append(b, "}\n"...)
}

func appendMetadataObject(b []byte, m *metadata) []byte {
	b = append(b, `{"id":`...)
	b = appendText(b, m.ID)
	if m.Name != "" {
		b = append(b, `,"name":`...)
		b = appendText(b, m.Name)
	}
	if m.Description != "" {
		b = append(b, `,"description":`...)
		b = appendText(b, m.Description)
	}
	b = append(b, `,"format":{"provider":`...)
	b = appendText(b, m.format)
	b = append(b, `,"options":`...)
	b = appendPairs(b, m.options)
	b = append(b, `},"schemaString":`...)
	b = appendText(b, m.schema)
	b = append(b, `,"partitionColumns":`...)
	b = appendTexts(b, m.PartitionColumns)
	b = append(b, `,"configuration":`...)
	b = appendPairs(b, m.Configuration)
	b = appendInt(b, `,"createdTime":`, m.CreatedAt)
	return append(b, '}')
}

func appendTransaction(b []byte, t transaction) []byte {
	b = append(b, `{"txn":`...)
	b = appendTransactionObject(b, t)
	return append(b, "}\n"...)
}

func appendTransactionObject(b []byte, t transaction) []byte {
	b = append(b, `{"appId":`...)
	b = appendText(b, t.app)
	b = appendInt(b, `,"version":`, t.version)
	if t.updated != 0 {
		b = appendInt(b, `,"lastUpdated":`, t.updated)
	}
	return append(b, '}')
}

func appendDomainObject(b []byte, d domain) []byte {
	b = append(b, `{"domain":`...)
	b = appendText(b, d.name)
	b = append(b, `,"configuration":`...)
	b = appendText(b, d.configuration)
	b = append(b, `,"removed":`...)
	b = strconv.AppendBool(b, d.removed)
	return append(b, '}')
}

func appendInfo(b []byte, c *CommitInfo) []byte {
	b = append(b, `{"commitInfo":{`...)
	if c.inCommit != nil {
		b = appendInt(b, `"inCommitTimestamp":`, *c.inCommit)
		b = append(b, ',')
	}
	b = appendInt(b, `"timestamp":`, c.timestamp)
	b = append(b, `,"operation":`...)
	b = appendText(b, c.Operation)
	b = append(b, `,"operationParameters":`...)
	b = appendPairs(b, c.Parameters)
	b = append(b, `,"isBlindAppend":`...)
	b = strconv.AppendBool(b, c.BlindAppend)
	if len(c.Metrics) > 0 {
		b = append(b, `,"operationMetrics":`...)
		b = appendPairs(b, c.Metrics)
	}
	b = append(b, `,"engineInfo":`...)
	b = appendText(b, c.Engine)
	b = append(b, `,"txnId":`...)
	b = appendText(b, c.ID)
	return append(b, "}}\n"...)
}
