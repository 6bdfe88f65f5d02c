package log

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Here actions become lines of JSON. Object members that come from maps are sorted, so that equal
// actions are equal bytes.

// AppendText appends a string of JSON.
func AppendText(b []byte, s string) []byte {
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
		b = AppendText(b, k)
		b = append(b, ':')
		b = AppendText(b, m[k])
	}
	return append(b, '}')
}

func appendNullable(b []byte, m map[string]*string) []byte {
	b = append(b, '{')
	for i, k := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendText(b, k)
		b = append(b, ':')
		if v := m[k]; v == nil {
			b = append(b, "null"...)
		} else {
			b = AppendText(b, *v)
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
		b = AppendText(b, s)
	}
	return append(b, ']')
}

// AppendInt appends the text key, which ends in a colon, and a number.
func AppendInt(b []byte, key string, n int64) []byte {
	b = append(b, key...)
	return strconv.AppendInt(b, n, 10)
}

// AppendMaybe is AppendInt, or appends nothing for nil.
func AppendMaybe(b []byte, key string, n *int64) []byte {
	if n == nil {
		return b
	}
	return AppendInt(b, key, *n)
}

// AppendAdd appends the line of an add action.
func AppendAdd(b []byte, a *AddAction) []byte {
	b = append(b, `{"add":`...)
	b = appendAddObject(b, a)
	return append(b, "}\n"...)
}

func appendAddObject(b []byte, a *AddAction) []byte {
	b = append(b, `{"path":`...)
	b = AppendText(b, EncodePath(a.Path))
	b = append(b, `,"partitionValues":`...)
	b = appendNullable(b, a.PartitionValues)
	b = AppendInt(b, `,"size":`, a.Size)
	b = AppendInt(b, `,"modificationTime":`, a.ModTime)
	b = append(b, `,"dataChange":`...)
	b = strconv.AppendBool(b, a.DataChange)
	if a.StatsText != "" {
		b = append(b, `,"stats":`...)
		b = AppendText(b, a.StatsText)
	}
	if len(a.Tags) > 0 {
		b = append(b, `,"tags":`...)
		b = appendPairs(b, a.Tags)
	}
	b = appendFileTail(b, a.DeletionVector, a.BaseRowID, a.RowCommitVersion)
	if a.Clustering != "" {
		b = append(b, `,"clusteringProvider":`...)
		b = AppendText(b, a.Clustering)
	}
	return append(b, '}')
}

func appendFileTail(b []byte, v *DeletionVector, row, version *int64) []byte {
	if v != nil {
		b = append(b, `,"deletionVector":{"storageType":`...)
		b = AppendText(b, v.Storage)
		b = append(b, `,"pathOrInlineDv":`...)
		b = AppendText(b, v.PathOrData)
		if v.Offset != nil {
			b = AppendInt(b, `,"offset":`, int64(*v.Offset))
		}
		b = AppendInt(b, `,"sizeInBytes":`, int64(v.Size))
		b = AppendInt(b, `,"cardinality":`, v.Cardinality)
		b = append(b, '}')
	}
	b = AppendMaybe(b, `,"baseRowId":`, row)
	return AppendMaybe(b, `,"defaultRowCommitVersion":`, version)
}

// AppendRemove appends the line of a remove action.
func AppendRemove(b []byte, r *RemoveAction) []byte {
	b = append(b, `{"remove":{"path":`...)
	b = AppendText(b, EncodePath(r.Path))
	b = AppendInt(b, `,"deletionTimestamp":`, r.DeletedAt)
	b = append(b, `,"dataChange":`...)
	b = strconv.AppendBool(b, r.DataChange)
	if r.Extended {
		b = append(b, `,"extendedFileMetadata":true,"partitionValues":`...)
		b = appendNullable(b, r.PartitionValues)
		b = AppendInt(b, `,"size":`, r.Size)
	}
	if r.StatsText != "" {
		b = append(b, `,"stats":`...)
		b = AppendText(b, r.StatsText)
	}
	if len(r.Tags) > 0 {
		b = append(b, `,"tags":`...)
		b = appendPairs(b, r.Tags)
	}
	b = appendFileTail(b, r.DeletionVector, r.BaseRowID, r.RowCommitVersion)
	return append(b, "}}\n"...)
}

// AppendProtocol appends the line of a protocol action.
func AppendProtocol(b []byte, p *Protocol) []byte {
	b = append(b, `{"protocol":`...)
	b = AppendProtocolObject(b, p)
	return append(b, "}\n"...)
}

// AppendProtocolObject appends the object alone, as checksum files have it.
func AppendProtocolObject(b []byte, p *Protocol) []byte {
	b = AppendInt(b, `{"minReaderVersion":`, int64(p.MinReader))
	b = AppendInt(b, `,"minWriterVersion":`, int64(p.MinWriter))
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

// AppendMetadata appends the line of a metaData action.
func AppendMetadata(b []byte, m *MetadataAction) []byte {
	b = append(b, `{"metaData":`...)
	b = AppendMetadataObject(b, m)
	return append(b, "}\n"...)
}

// AppendMetadataObject appends the object alone, as checksum files have it.
func AppendMetadataObject(b []byte, m *MetadataAction) []byte {
	b = append(b, `{"id":`...)
	b = AppendText(b, m.ID)
	if m.Name != "" {
		b = append(b, `,"name":`...)
		b = AppendText(b, m.Name)
	}
	if m.Description != "" {
		b = append(b, `,"description":`...)
		b = AppendText(b, m.Description)
	}
	b = append(b, `,"format":{"provider":`...)
	b = AppendText(b, m.Format)
	b = append(b, `,"options":`...)
	b = appendPairs(b, m.Options)
	b = append(b, `},"schemaString":`...)
	b = AppendText(b, m.SchemaText)
	b = append(b, `,"partitionColumns":`...)
	b = appendTexts(b, m.PartitionColumns)
	b = append(b, `,"configuration":`...)
	b = appendPairs(b, m.Configuration)
	b = AppendInt(b, `,"createdTime":`, m.CreatedAt)
	return append(b, '}')
}

// AppendTransaction appends the line of a txn action.
func AppendTransaction(b []byte, t Transaction) []byte {
	b = append(b, `{"txn":`...)
	b = AppendTransactionObject(b, t)
	return append(b, "}\n"...)
}

// AppendTransactionObject appends the object alone, as checksum files have it.
func AppendTransactionObject(b []byte, t Transaction) []byte {
	b = append(b, `{"appId":`...)
	b = AppendText(b, t.App)
	b = AppendInt(b, `,"version":`, t.Version)
	if t.Updated != 0 {
		b = AppendInt(b, `,"lastUpdated":`, t.Updated)
	}
	return append(b, '}')
}

// AppendDomainObject appends the object of a domainMetadata action, as checksum files have it.
func AppendDomainObject(b []byte, d Domain) []byte {
	b = append(b, `{"domain":`...)
	b = AppendText(b, d.Name)
	b = append(b, `,"configuration":`...)
	b = AppendText(b, d.Configuration)
	b = append(b, `,"removed":`...)
	b = strconv.AppendBool(b, d.Removed)
	return append(b, '}')
}

// AppendInfo appends the line of a commitInfo action.
func AppendInfo(b []byte, c *CommitInfo) []byte {
	b = append(b, `{"commitInfo":{`...)
	if c.InCommit != nil {
		b = AppendInt(b, `"inCommitTimestamp":`, *c.InCommit)
		b = append(b, ',')
	}
	b = AppendInt(b, `"timestamp":`, c.Timestamp)
	b = append(b, `,"operation":`...)
	b = AppendText(b, c.Operation)
	b = append(b, `,"operationParameters":`...)
	b = appendPairs(b, c.Parameters)
	b = append(b, `,"isBlindAppend":`...)
	b = strconv.AppendBool(b, c.BlindAppend)
	if len(c.Metrics) > 0 {
		b = append(b, `,"operationMetrics":`...)
		b = appendPairs(b, c.Metrics)
	}
	b = append(b, `,"engineInfo":`...)
	b = AppendText(b, c.Engine)
	b = append(b, `,"txnId":`...)
	b = AppendText(b, c.ID)
	return append(b, "}}\n"...)
}
