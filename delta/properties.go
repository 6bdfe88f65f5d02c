package delta

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// properties are the table properties that this package acts on, with their defaults.
type properties struct {
	appendOnly      bool
	changeFeed      bool
	inCommitTime    bool
	serializable    bool
	interval        int64 // commits between checkpoints
	statsJSON       bool
	statsStruct     bool
	stringPrefix    int64 // of strings in statistics; 0: the default
	logRetention    time.Duration
	logCleanup      bool
	tombstones      time.Duration
	inCommitVersion int64 // since which version commits carry their time; 0: all
	inCommitSince   int64 // and since when, milliseconds since the epoch
}

func propertiesOf(m *Metadata) (p properties, err error) {
	c := m.Configuration
	flag := func(key string, otherwise bool) bool {
		v, ok := c[key]
		if !ok {
			return otherwise
		}
		b, e := strconv.ParseBool(strings.ToLower(v))
		if e != nil && err == nil {
			err = fmt.Errorf("property %s: %q is neither true nor false", key, v)
		}
		return b
	}
	number := func(key string, otherwise int64) int64 {
		v, ok := c[key]
		if !ok {
			return otherwise
		}
		n, e := strconv.ParseInt(v, 10, 64)
		if e != nil && err == nil {
			err = fmt.Errorf("property %s: %q is not a number", key, v)
		}
		return n
	}
	length := func(key string, otherwise time.Duration) time.Duration {
		v, ok := c[key]
		if !ok {
			return otherwise
		}
		d, e := parseInterval(v)
		if e != nil && err == nil {
			err = fmt.Errorf("property %s: %w", key, e)
		}
		return d
	}
	p = properties{
		appendOnly:      flag("delta.appendOnly", false),
		changeFeed:      flag("delta.enableChangeDataFeed", false),
		inCommitTime:    flag("delta.enableInCommitTimestamps", false),
		serializable:    strings.EqualFold(c["delta.isolationLevel"], "Serializable"),
		interval:        number("delta.checkpointInterval", 10),
		statsJSON:       flag("delta.checkpoint.writeStatsAsJson", true),
		statsStruct:     flag("delta.checkpoint.writeStatsAsStruct", true),
		stringPrefix:    number("delta.dataSkippingStringPrefixLength", 0),
		logRetention:    length("delta.logRetentionDuration", 30*24*time.Hour),
		logCleanup:      flag("delta.enableExpiredLogCleanup", true),
		tombstones:      length("delta.deletedFileRetentionDuration", 7*24*time.Hour),
		inCommitVersion: number("delta.inCommitTimestampEnablementVersion", 0),
		inCommitSince:   number("delta.inCommitTimestampEnablementTimestamp", 0),
	}
	if p.interval < 1 && err == nil {
		err = fmt.Errorf("property delta.checkpointInterval: %d is less than 1", p.interval)
	}
	if p.stringPrefix < 0 || p.stringPrefix > 1<<20 {
		p.stringPrefix = 0 // as where it is absent
	}
	return p, err
}

// parseInterval reads "interval 30 days", "2 weeks", "interval 1 day 12 hours".
func parseInterval(text string) (time.Duration, error) {
	words := strings.Fields(strings.ToLower(text))
	if len(words) > 0 && words[0] == "interval" {
		words = words[1:]
	}
	if len(words) == 0 || len(words)%2 != 0 {
		return 0, fmt.Errorf("%q is not an interval such as 'interval 30 days'", text)
	}
	var total time.Duration
	for i := 0; i < len(words); i += 2 {
		n, err := strconv.ParseInt(words[i], 10, 64)
		unit, ok := unit(words[i+1])
		if err != nil || !ok || n < 0 || n > 1<<40 {
			return 0, fmt.Errorf("%q is not an interval such as 'interval 30 days'", text)
		}
		if hours := float64(n) * unit.Hours(); hours > 200*365*24 {
			return 200 * 365 * 24 * time.Hour, nil // for ever, as far as clocks here go
		}
		total += time.Duration(n) * unit
	}
	return total, nil
}

func unit(word string) (time.Duration, bool) {
	switch strings.TrimSuffix(word, "s") {
	case "week":
		return 7 * 24 * time.Hour, true
	case "day":
		return 24 * time.Hour, true
	case "hour":
		return time.Hour, true
	case "minute":
		return time.Minute, true
	case "second":
		return time.Second, true
	case "millisecond":
		return time.Millisecond, true
	case "microsecond":
		return time.Microsecond, true
	}
	return 0, false
}
