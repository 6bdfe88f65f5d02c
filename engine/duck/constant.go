package duck

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// constant reads a literal, or a literal with a cast, as a value of a column's type. It is false
// for null, for infinities and for anything that is not certainly what DuckDB compares with.
func constant(n node, t schema.Type) (stats.Value, bool) {
	cast := ""
	if str(n["type"]) == "OPERATOR_CAST" {
		cast = str(object(n["cast_type"])["id"])
		n = object(n["child"])
	}
	value := object(n["value"])
	if str(n["type"]) != "VALUE_CONSTANT" || value["is_null"] != false {
		return nil, false
	}
	kind := str(object(value["type"])["id"])
	switch t {
	case schema.Byte, schema.Short, schema.Integer, schema.Long:
		return integer(value["value"], kind)
	case schema.Float, schema.Double:
		return float(value, kind)
	case schema.Boolean:
		return boolean(value["value"], kind, cast)
	case schema.String:
		s, ok := value["value"].(string)
		return s, ok && kind == "VARCHAR" && (cast == "" || cast == "VARCHAR")
	case schema.Date:
		return date(value["value"], kind, cast)
	case schema.Timestamp:
		return timestamp(value["value"], kind, cast, "TIMESTAMP WITH TIME ZONE", "2006-01-02 15:04:05.999999Z07")
	case schema.TimestampNTZ:
		return timestamp(value["value"], kind, cast, "TIMESTAMP", "2006-01-02 15:04:05.999999")
	}
	if _, ok := t.(schema.Decimal); ok {
		return decimal(value, kind)
	}
	return nil, false
}

func integer(v any, kind string) (stats.Value, bool) {
	switch kind {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT":
	default:
		return nil, false
	}
	n, ok := v.(json.Number)
	if !ok {
		return nil, false
	}
	i, err := n.Int64()
	return i, err == nil
}

// decimal reads DECIMAL literals, whose value is unscaled, and integers.
func decimal(value node, kind string) (stats.Value, bool) {
	scale := 0
	switch kind {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT":
	case "DECIMAL":
		info := object(object(value["type"])["type_info"])
		s, ok := info["scale"].(json.Number)
		if !ok {
			return nil, false
		}
		i, err := strconv.Atoi(s.String())
		if err != nil {
			return nil, false
		}
		scale = i
	default:
		return nil, false
	}
	n, ok := value["value"].(json.Number)
	if !ok {
		return nil, false
	}
	unscaled, ok := new(big.Int).SetString(n.String(), 10)
	return stats.Decimal{Unscaled: unscaled, Scale: scale}, ok
}

func float(value node, kind string) (stats.Value, bool) {
	if kind == "DOUBLE" || kind == "FLOAT" {
		n, ok := value["value"].(json.Number)
		if !ok {
			return nil, false
		}
		f, err := strconv.ParseFloat(n.String(), 64)
		return f, err == nil
	}
	d, ok := decimal(value, kind)
	if !ok {
		return nil, false
	}
	dec := d.(stats.Decimal)
	f, err := strconv.ParseFloat(dec.Unscaled.String()+"e-"+strconv.Itoa(dec.Scale), 64)
	return f, err == nil
}

func boolean(v any, kind, cast string) (stats.Value, bool) {
	if b, ok := v.(bool); ok && kind == "BOOLEAN" {
		return b, true
	}
	if kind == "VARCHAR" && cast == "BOOLEAN" {
		switch strings.ToLower(str(v)) {
		case "t", "true":
			return true, true
		case "f", "false":
			return false, true
		}
	}
	return nil, false
}

func date(v any, kind, cast string) (stats.Value, bool) {
	if kind != "VARCHAR" || cast != "DATE" {
		return nil, false
	}
	d, err := time.Parse(time.DateOnly, str(v))
	if err != nil {
		return nil, false
	}
	return stats.Date(d.Unix() / 86400), true
}

func timestamp(v any, kind, cast, want, layout string) (stats.Value, bool) {
	if kind != "VARCHAR" || cast != want {
		return nil, false
	}
	at, err := time.Parse(layout, str(v))
	if err != nil {
		return nil, false
	}
	return stats.Timestamp(at.UnixMicro()), true
}
