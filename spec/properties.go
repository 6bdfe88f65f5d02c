package spec

import (
	"slices"
	"strconv"
	"strings"

	"github.com/petalake/petalake/internal/words"
)

// propertyKind is what the value of a property is.
type propertyKind int

const (
	textProperty propertyKind = iota
	truthProperty
	intervalProperty
	positiveProperty // a whole number from 1 on
	naturalProperty  // from 0 on
	countProperty    // from -1 on, which is all
	codecProperty
	policyProperty
	isolationProperty
	columnsProperty
	mappingProperty
	compactProperty
	ownProperty // Delta Lake sets it itself
)

// deltaProperties are the table properties that Delta Lake 4.2 has, without "delta." (its DeltaConfigs, and those of its features), and
// those of the protocol's newer text. Others are refused there too.
var deltaProperties = map[string]propertyKind{
	"appendOnly": truthProperty, "autoOptimize": truthProperty, "autoOptimize.autoCompact": compactProperty, "autoOptimize.optimizeWrite": truthProperty,
	"checkpoint.writeStatsAsJson": truthProperty, "checkpoint.writeStatsAsStruct": truthProperty, "checkpointInterval": positiveProperty, "checkpointPolicy": policyProperty,
	"checkpointRetentionDuration": intervalProperty, "columnMapping.maxColumnId": ownProperty, "columnMapping.mode": mappingProperty,
	"compatibility.symlinkFormatManifest.enabled": truthProperty, "dataSkippingNumIndexedCols": countProperty, "dataSkippingStatsColumns": columnsProperty,
	"dataSkippingStringPrefixLength": naturalProperty, "deletedFileRetentionDuration": intervalProperty, "dropFeatureTruncateHistory.retentionDuration": intervalProperty, "enableChangeDataFeed": truthProperty,
	"enableDeletionVectors": truthProperty, "enableExpiredLogCleanup": truthProperty, "enableFullRetentionRollback": truthProperty, "enableIcebergCompatV1": truthProperty,
	"enableIcebergCompatV2": truthProperty, "enableIcebergCompatV3": truthProperty, "enableInCommitTimestamps": truthProperty, "enableRowTracking": truthProperty,
	"enableTypeWidening": truthProperty, "enableVariantShredding": truthProperty, "inCommitTimestampEnablementTimestamp": naturalProperty,
	"inCommitTimestampEnablementVersion": naturalProperty, "isolationLevel": isolationProperty, "logRetentionDuration": intervalProperty, "parquet.compression.codec": codecProperty,
	"parquet.format.version": textProperty, "parquet.vorder.enabled": truthProperty, "randomPrefixLength": positiveProperty, "randomizeFilePrefixes": truthProperty,
	"requireCheckpointProtectionBeforeVersion": naturalProperty, "sampleRetentionDuration": intervalProperty, "setTransactionRetentionDuration": intervalProperty, "targetFileSize": textProperty, "tuneFileSizesForRewrites": truthProperty,
	"universalFormat.enabledFormats": textProperty,
}

// deltaFamilies begin properties whose names go on as somebody chose.
var deltaFamilies = []string{"constraints.", "feature.", "universalformat.config."}

// PropertyName is a property's name as Delta Lake writes it, which takes those of its own in any case.
func PropertyName(name string) string {
	rest, ok := cutFold(name, "delta.")
	if !ok {
		return name
	}
	for known := range deltaProperties {
		if strings.EqualFold(rest, known) {
			return "delta." + known
		}
	}
	for _, family := range deltaFamilies {
		if last, ok := cutFold(rest, family); ok {
			return "delta." + family + last
		}
	}
	return name
}

// CheckProperty says what is wrong with a table property, and what to write; "" for nothing. Names that do not begin with
// "delta." belong to whoever set them.
func CheckProperty(name, value string) (wrong, hint string) {
	rest, ok := cutFold(name, "delta.")
	switch {
	case name == "" || strings.TrimSpace(name) != name:
		return "bad name of a property", ""
	case !ok:
		return "", ""
	case strings.EqualFold(rest, "minReaderVersion") || strings.EqualFold(rest, "minWriterVersion"):
		return "the versions of the protocol follow from what the table uses", "leave it out"
	}
	rest = strings.TrimPrefix(PropertyName(name), "delta.")
	if kind, known := deltaProperties[rest]; known {
		return kind.check(value)
	}
	if feature, ok := strings.CutPrefix(rest, "feature."); ok {
		if value != "supported" && value != "enabled" {
			return "the feature " + feature + " is supported or it is not named", `write "supported"`
		}
		return "", ""
	}
	if slices.ContainsFunc(deltaFamilies, func(f string) bool { return strings.HasPrefix(rest, f) }) {
		return "", ""
	}
	hint = "the properties of Delta Lake are in its documents; one of your own has another prefix than delta."
	var names []string
	for known := range deltaProperties {
		names = append(names, known)
	}
	slices.Sort(names)
	if near := words.Nearest(rest, names); near != "" {
		hint = `did you mean "delta.` + near + `"?`
	}
	return "Delta Lake has no such property", hint
}

// check says what is wrong with a value, as Delta Lake does.
func (k propertyKind) check(value string) (wrong, hint string) {
	number := func(least int64) (string, string) {
		if n, err := strconv.ParseInt(value, 10, 32); err != nil || n < least {
			return strconv.Quote(value) + " is no whole number from " + strconv.FormatInt(least, 10) + " on", "write a number, such as 10"
		}
		return "", ""
	}
	oneOf := func(values ...string) (string, string) {
		for _, v := range values {
			if strings.EqualFold(v, value) {
				return "", ""
			}
		}
		return strconv.Quote(value) + " is none of its values", "write " + strings.Join(values, " or ")
	}
	switch k {
	case truthProperty:
		return oneOf("true", "false")
	case positiveProperty:
		return number(1)
	case naturalProperty:
		if n, err := strconv.ParseInt(value, 10, 64); err != nil || n < 0 {
			return strconv.Quote(value) + " is no whole number from 0 on", "write a number, such as 32"
		}
	case countProperty:
		return number(-1)
	case intervalProperty:
		if !isInterval(value) {
			return strconv.Quote(value) + " is no interval", "write it as in interval 30 days; months and years have no fixed length"
		}
	case codecProperty:
		return oneOf("zstd", "snappy", "gzip", "lz4_raw", "brotli", "uncompressed", "none")
	case policyProperty:
		if value != "classic" && value != "v2" {
			return strconv.Quote(value) + " is none of its values", "write classic or v2"
		}
	case isolationProperty:
		return oneOf("Serializable")
	case compactProperty:
		return oneOf("true", "false", "auto", "legacy")
	case mappingProperty:
		return oneOf("none", "name", "id")
	case columnsProperty:
		if strings.TrimSpace(value) == "" || strings.Count(value, "`")%2 != 0 {
			return strconv.Quote(value) + " names no columns", "write names with commas between them, those with other signs in backticks"
		}
	case ownProperty:
		return "Delta Lake sets it itself", "leave it out"
	}
	return "", ""
}

// isInterval says whether a text is a length of time, such as "interval 30 days" or "1 day 12 hours".
func isInterval(text string) bool {
	words := strings.Fields(strings.ToLower(text))
	if len(words) > 0 && words[0] == "interval" {
		words = words[1:]
	}
	for i := 0; i+1 < len(words); i += 2 {
		n, err := strconv.ParseInt(words[i], 10, 64)
		if err != nil || n < 0 || n > 1<<40 || !slices.Contains([]string{"week", "day", "hour", "minute", "second", "millisecond", "microsecond"}, strings.TrimSuffix(words[i+1], "s")) {
			return false
		}
	}
	return len(words) > 0 && len(words)%2 == 0
}

func cutFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
