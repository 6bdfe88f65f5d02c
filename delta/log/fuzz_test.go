package log

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

const sampleCommit = `{"commitInfo":{"timestamp":1,"operation":"WRITE","operationParameters":{"mode":"Append","x":[1,null]},"txnId":"a","isBlindAppend":true,"tags":{"a":{}}}}
{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}}
{"metaData":{"id":"m","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"é\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":{"k":"v"},"createdTime":5}}
{"add":{"path":"a%20b.parquet","partitionValues":{"p":null,"q":""},"size":1,"modificationTime":2,"dataChange":true,"stats":"{\"numRecords\":1}","tags":{"t":"u"},"deletionVector":{"storageType":"u","pathOrInlineDv":"x","offset":1,"sizeInBytes":2,"cardinality":3},"baseRowId":4}}
{"remove":{"path":"c","deletionTimestamp":7,"dataChange":false,"extendedFileMetadata":true,"partitionValues":{},"size":3}}
{"txn":{"appId":"app","version":3,"lastUpdated":9}}
{"domainMetadata":{"domain":"d","configuration":"{}","removed":false}}
{"cdc":{"path":"x"}}

{"sidecar":{"path":"s","sizeInBytes":3,"modificationTime":1}}
`

// What parses is JSON, and says the same after it was written and read again.
func FuzzActions(f *testing.F) {
	f.Add([]byte(sampleCommit))
	f.Add([]byte(`{"add":{"path":"\ud83d\ude00","size":1e2}}`))
	f.Add([]byte("{\"add\":{\"path\":\"\xff\",\"size\":1}}"))
	f.Add([]byte(`{"add":null,"x":{"y":[[[]]]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, line, err := Parse(text)
		if err != nil {
			if line < 1 {
				t.Fatalf("error without a line: %v", err)
			}
			return
		}
		for row := range bytes.SplitSeq(text, []byte{'\n'}) {
			if row = bytes.TrimSpace(row); len(row) > 0 && !json.Valid(row) {
				t.Fatalf("accepted what is not JSON: %q", row)
			}
		}
		var b []byte
		for i := range a.Adds {
			b = AppendAdd(b, &a.Adds[i])
		}
		for i := range a.Removes {
			b = AppendRemove(b, &a.Removes[i])
		}
		for _, x := range a.Txns {
			b = AppendTransaction(b, x)
		}
		if a.Metadata != nil {
			b = AppendMetadata(b, a.Metadata)
		}
		again, _, err := Parse(b)
		if err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		for i := range a.Removes { // these are written only where they are known
			if !a.Removes[i].Extended {
				a.Removes[i].PartitionValues, a.Removes[i].Size = nil, 0
			}
		}
		same(t, a.Adds, again.Adds)
		same(t, a.Removes, again.Removes)
		same(t, a.Txns, again.Txns)
	})
}

func same[T any](t *testing.T, want, got []T) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("got %d, want %d", len(got), len(want))
	}
	for i := range want {
		w, g := want[i], got[i]
		if !reflect.DeepEqual(clean(w), clean(g)) {
			t.Errorf("got %+v, want %+v", g, w)
		}
	}
}

// clean forgets the difference between a map that is empty and none.
func clean(v any) any {
	switch v := v.(type) {
	case AddAction:
		if len(v.Tags) == 0 {
			v.Tags = nil
		}
		return v
	case RemoveAction:
		if len(v.Tags) == 0 {
			v.Tags = nil
		}
		return v
	}
	return v
}
