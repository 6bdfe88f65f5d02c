package proof

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/petalake/petalake/spec"
)

// TestPropertiesOfSpark promises that a table property is taken where Spark takes it, under the name that Spark gives it, and refused where
// Spark refuses it.
func TestPropertiesOfSpark(t *testing.T) {
	o := others(t)
	lake := t.TempDir()
	values := []string{"True", "10", "-1", "x", "30 days", "interval 1 month", "serializable", "v2"}
	names := []string{"appendonly", "autoOptimize", "autoOptimize.autoCompact", "autoOptimize.optimizeWrite", "checkpoint.writeStatsAsJson", "checkpointInterval", "checkpointPolicy",
		"checkpointRetentionDuration", "columnMapping.maxColumnId", "columnMapping.mode", "dataSkippingNumIndexedCols", "dataskippingstringprefixlength", "deletedFileRetentionDuration",
		"enableChangeDataFeed", "enableExpiredLogCleanup", "enableInCommitTimestamps", "isolationLevel", "LogRetentionDuration", "randomPrefixLength", "randomizeFilePrefixes",
		"setTransactionRetentionDuration", "bogus", "columnMapping.bogus", "dataSkipping.x", "universalformat.config.iceberg.x", "requireCheckpointProtectionBeforeVersion"}
	for i, name := range names {
		for j, value := range values {
			if (i+j)%2 == 0 && value != "10" && value != "True" { // half of them show the same
				continue
			}
			path := filepath.Join(lake, fmt.Sprintf("t%d_%d", i, j))
			_, err := o.ask(request{Do: "spark", SQL: []string{fmt.Sprintf("create table delta.`%s` (id int, x int) using delta tblproperties ('delta.%s' = '%s')", path, name, value)}})
			wrong, _ := spec.CheckProperty("delta."+name, value)
			if (err == nil) != (wrong == "") {
				t.Errorf("delta.%s = %s: petalake says %q, Spark says %.150v", name, value, wrong, err)
			}
			if err != nil {
				continue
			}
			kept := o.query(t, "show tblproperties delta.`"+path+"`")
			if want := fmt.Sprintf("%q, %q", spec.PropertyName("delta."+name), value); !strings.Contains(strings.Join(kept.rows, "\n"), want) {
				t.Errorf("delta.%s: Spark keeps %q, want %s", name, kept.rows, want)
			}
		}
	}
}
