package spec

import (
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/words"
)

// deltaProperties are the table properties that Delta Lake 4.2 has, without "delta." (its DeltaConfigs, and those of its features).
// Others are refused there too: a name that is written in another case means nothing, and says so to nobody.
var deltaProperties = []string{
	"appendOnly", "autoOptimize", "autoOptimize.autoCompact", "autoOptimize.optimizeWrite", "checkpoint.writeStatsAsJson", "checkpoint.writeStatsAsStruct", "checkpointInterval", "checkpointPolicy",
	"checkpointRetentionDuration", "columnMapping.maxColumnId", "columnMapping.mode", "compatibility.symlinkFormatManifest.enabled", "dataSkippingNumIndexedCols", "dataSkippingStatsColumns",
	"dataSkippingStringPrefixLength", "deletedFileRetentionDuration", "enableChangeDataFeed", "enableDeletionVectors", "enableExpiredLogCleanup", "enableFullRetentionRollback", "enableIcebergCompatV1",
	"enableIcebergCompatV2", "enableIcebergCompatV3", "enableInCommitTimestamps", "enableRowTracking", "enableTypeWidening", "enableVariantShredding", "inCommitTimestampEnablementTimestamp",
	"inCommitTimestampEnablementVersion", "isolationLevel", "logRetentionDuration", "parquet.compression.codec", "parquet.format.version", "parquet.vorder.enabled", "randomPrefixLength", "randomizeFilePrefixes",
	"sampleRetentionDuration", "setTransactionRetentionDuration", "targetFileSize", "tuneFileSizesForRewrites", "universalFormat.enabledFormats",
}

// deltaFamilies begin properties whose names go on as somebody chose.
var deltaFamilies = []string{"constraints.", "feature.", "universalFormat.", "universalformat.", "rowTracking.", "coordinatedCommits.", "dataSkipping.", "liquid.", "clustering."}

// CheckProperty says what is wrong with the name of a table property, and what to write; "" for nothing. Names that do not begin with
// "delta." belong to whoever set them.
func CheckProperty(name string) (wrong, hint string) {
	rest, ok := cutFold(name, "delta.")
	switch {
	case name == "" || strings.TrimSpace(name) != name:
		return "bad name of a property", ""
	case !ok:
		return "", ""
	case strings.EqualFold(rest, "minReaderVersion") || strings.EqualFold(rest, "minWriterVersion"):
		return "the versions of the protocol follow from what the table uses", "leave it out"
	case strings.HasPrefix(name, "delta.") && (slices.Contains(deltaProperties, rest) || slices.ContainsFunc(deltaFamilies, func(f string) bool { return strings.HasPrefix(rest, f) })):
		return "", ""
	}
	hint = "the properties of Delta Lake are in its documents; one of your own has another prefix than delta."
	if near := words.Nearest(rest, deltaProperties); near != "" {
		hint = `did you mean "delta.` + near + `"?`
	}
	return "Delta Lake has no such property", hint
}

func cutFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
