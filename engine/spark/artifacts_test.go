package spark_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"google.golang.org/protobuf/proto"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/connectpb"
)

// lakeClass is the class Lake { public static String name() { return "deep"; } }, compiled for Java 17.
const lakeClass = "yv66vgAAAD0ADgoAAgADBwAEDAAFAAYBABBqYXZhL2xhbmcvT2JqZWN0AQAGPGluaXQ+AQADKClWCAAIAQAEZGVlcAcACgEABExha2UBAARDb2Rl" +
	"AQAEbmFtZQEAFCgpTGphdmEvbGFuZy9TdHJpbmc7ACEACQACAAAAAAACAAEABQAGAAEACwAAABEAAQABAAAABSq3AAGxAAAAAAAJAAwADQABAAsAAAAPAAEAAAAAAAMSB7AAAAAAAAA="

// pickled prints what Spark calls for a UDF that uses a module of ours.
const pickled = `
import sys, base64
from pyspark import cloudpickle
from pyspark.sql.types import StringType
def shout(s):
    import lake_words
    return lake_words.shout(s)
print(sys.version_info.major, sys.version_info.minor, base64.b64encode(cloudpickle.dumps((shout, StringType()))).decode())
`

// artifacts promises that a Python module and a jar of this machine can be used on the server, the jar
// in several chunks; that a file which is there is not sent again; and that Sail refuses them clearly.
func artifacts(t *testing.T, s *spark.Session, on server) {
	dir := t.TempDir()
	module, jar := filepath.Join(dir, "lake_words.py"), filepath.Join(dir, "lake.jar")
	if err := os.WriteFile(module, []byte("def shout(s):\n    return s.upper() + '!'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(jar, lakeJar(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if on.name == "sail" {
		if err := s.AddArtifact(t.Context(), module); err == nil || !strings.Contains(err.Error(), "artifact") {
			t.Errorf("an artifact on Sail: got %v, want a refusal that says what of", err)
		}
		return
	}
	for _, path := range []string{module, jar, jar} {
		if err := s.AddArtifact(t.Context(), path); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	want(t, s, "deep|", "SELECT java_method('Lake', 'name')")
	r, err := s.Execute(t.Context(), shouted(t))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if !r.Next() || r.RecordBatch().Column(0).ValueStr(0) != "WATER!" {
		t.Errorf("a function in Python that uses a module of ours: got %v, %v", r.RecordBatch(), r.Err())
	}

	for _, path := range []string{dir, filepath.Join(dir, "none.py")} {
		if err := s.AddArtifact(t.Context(), path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s as an artifact: got %v, want an error with the path", path, err)
		}
	}
}

// lakeJar has the class Lake, and ballast so that it takes several chunks.
func lakeJar(t *testing.T) []byte {
	class, err := base64.StdEncoding.DecodeString(lakeClass)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, f := range []struct {
		name string
		body []byte
	}{{"Lake.class", class}, {"ballast", make([]byte, 1<<20)}} {
		entry, err := w.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write(f.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// shouted is a plan that calls a function in Python.
func shouted(t *testing.T) *connectpb.Relation {
	out, err := exec.Command("../../.tools/venv/bin/python", "-c", pickled).Output()
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(string(out))
	command, err := base64.StdEncoding.DecodeString(words[2])
	if err != nil {
		t.Fatal(err)
	}
	water, err := spark.Literal("water")
	if err != nil {
		t.Fatal(err)
	}
	call := &connectpb.Expression{ExprType: &connectpb.Expression_CommonInlineUserDefinedFunction{
		CommonInlineUserDefinedFunction: &connectpb.CommonInlineUserDefinedFunction{
			FunctionName: "shout", Deterministic: true, Arguments: []*connectpb.Expression{water},
			Function: &connectpb.CommonInlineUserDefinedFunction_PythonUdf{PythonUdf: &connectpb.PythonUDF{
				OutputType: &connectpb.DataType{Kind: &connectpb.DataType_String_{String_: &connectpb.DataType_String{}}},
				EvalType:   100, Command: command, PythonVer: words[0] + "." + words[1],
			}},
		},
	}}
	one := &connectpb.Relation{Common: &connectpb.RelationCommon{}, RelType: &connectpb.Relation_Sql{Sql: &connectpb.SQL{Query: "SELECT 1"}}}
	return &connectpb.Relation{Common: &connectpb.RelationCommon{}, RelType: &connectpb.Relation_Project{
		Project: &connectpb.Project{Input: one, Expressions: []*connectpb.Expression{call}},
	}}
}

// cached promises that rows which were sent once are used by their hash.
func cached(t *testing.T, s *spark.Session, on server) {
	source, err := s.Query(t.Context(), "SELECT 7 AS n")
	if err != nil {
		t.Fatal(err)
	}
	defer source.Release()
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(source.Schema()))
	for source.Next() {
		if err := w.Write(source.RecordBatch()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil || source.Err() != nil {
		t.Fatal(err, source.Err())
	}
	schema := "n INT"
	rows := &connectpb.LocalRelation{Data: buf.Bytes(), Schema: &schema}
	plan, err := s.Cache(t.Context(), rows)
	if on.name == "sail" {
		if err == nil {
			t.Error("Sail takes cached rows now")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.Cache(t.Context(), rows); err != nil || !proto.Equal(again, plan) {
		t.Errorf("again: got %v, %v, want %v", again, err, plan)
	}
	r, err := s.Execute(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if !r.Next() || r.RecordBatch().Column(0).ValueStr(0) != "7" {
		t.Errorf("rows by their hash: got %v, %v", r.RecordBatch(), r.Err())
	}
}
