package eventlog

import (
	"regexp"
	"strings"
)

// node is an operator of a physical plan of which something can be told: a scan, a write or a join.
type node struct {
	Kind nodeKind
	Name string // "Scan parquet ", "SortMergeJoin"
	Type string // of a join
	// The accumulators of its metrics.
	Files int64    // number of files read or written
	Size  int64    // their bytes
	Sides [2]int64 // data size of the shuffles on both sides of a join
}

type nodeKind int

const (
	scanNode nodeKind = iota
	writeNode
	joinNode
)

// tree is an operator with its inputs, as sparkPlanInfo has it.
type tree struct {
	name, detail string
	metrics      map[string]int64 // name to accumulator, those of watched alone
	children     []*tree
}

// joinType finds the type in the text of a join: "SortMergeJoin [a#1], [b#2], LeftOuter".
var joinType = regexp.MustCompile(`\], (Inner|Cross|LeftOuter|RightOuter|FullOuter|LeftSemi|LeftAnti|ExistenceJoin)`)

// watched are the metrics whose values are kept.
var watched = map[string]bool{
	"data size": true, "number of files read": true, "size of files read": true,
	"number of written files": true, "written output": true,
}

// deepest bounds the recursion on a plan.
const deepest = 2000

func readTree(s *scan, depth int) *tree {
	t := &tree{}
	if depth > deepest {
		s.skip()
		return t
	}
	if !s.in('{') {
		return t
	}
	for s.more('}') {
		switch string(s.key()) {
		case "nodeName":
			t.name = short(s.text(), shortName)
		case "simpleString":
			t.detail = short(s.text(), shortValue)
		case "children":
			t.children = nil
			if s.in('[') {
				for s.more(']') {
					t.children = append(t.children, readTree(s, depth+1))
				}
			}
		case "metrics":
			t.metrics = nil
			if s.in('[') {
				for s.more(']') {
					t.metric(s)
				}
			}
		default:
			s.skip()
		}
	}
	return t
}

func (t *tree) metric(s *scan) {
	name, id := "", int64(0)
	if !s.in('{') {
		return
	}
	for s.more('}') {
		switch string(s.key()) {
		case "name":
			if text := s.text(); watched[string(text)] {
				name = string(text)
			} else {
				name = ""
			}
		case "accumulatorId":
			id = s.int()
		default:
			s.skip()
		}
	}
	if name != "" {
		if t.metrics == nil {
			t.metrics = map[string]int64{}
		}
		t.metrics[name] = id
	}
}

// nodes picks from a plan what the rules look at.
func (t *tree) nodes(into []node) []node {
	const most = 500
	if len(into) >= most {
		return into
	}
	files, isScan := t.metrics["number of files read"]
	written, isWrite := t.metrics["number of written files"]
	switch {
	case isScan:
		into = append(into, node{Kind: scanNode, Name: t.name, Files: files, Size: t.metrics["size of files read"]})
	case isWrite:
		into = append(into, node{Kind: writeNode, Name: t.name, Files: written, Size: t.metrics["written output"]})
	case strings.HasPrefix(t.name, "SortMergeJoin") && len(t.children) == 2:
		left, ok := t.children[0].exchanged()
		right, also := t.children[1].exchanged()
		if kind := joinType.FindStringSubmatch(t.detail); ok && also && kind != nil {
			into = append(into, node{Kind: joinNode, Name: t.name, Type: kind[1], Sides: [2]int64{left, right}})
		}
	}
	for _, c := range t.children {
		into = c.nodes(into)
	}
	return into
}

// exchanged follows the input of a join down to its shuffle, and gives the metric of its size.
func (t *tree) exchanged() (id int64, ok bool) {
	for {
		if t.name == "Exchange" {
			id, ok = t.metrics["data size"]
			return id, ok
		}
		passes := t.name == "Sort" || t.name == "InputAdapter" || t.name == "AQEShuffleRead" || t.name == "CustomShuffleReader" ||
			strings.HasPrefix(t.name, "WholeStageCodegen") || strings.HasPrefix(t.name, "ShuffleQueryStage")
		if !passes || len(t.children) != 1 {
			return 0, false
		}
		t = t.children[0]
	}
}

func readQueryStart(_ *decoder, s *scan) any {
	e := &queryStart{Root: -1}
	object(s, func(key string) bool {
		switch key {
		case "executionId":
			e.ID = s.int()
		case "rootExecutionId":
			e.Root = s.int()
		case "description":
			e.Description = short(s.text(), shortName)
		case "time":
			e.Time = s.int()
		case "modifiedConfigs":
			e.Conf = readConf(s, "spark.sql.adaptive.", "spark.sql.shuffle.", "spark.sql.files.", "spark.sql.autoBroadcast")
		case "sparkPlanInfo":
			e.Plan = readTree(s, 0).nodes(nil)
		case "jobTags":
			e.Tag = tagOf(s)
		default:
			return false
		}
		return true
	})
	return e
}

func readPlanUpdate(_ *decoder, s *scan) any {
	e := &planUpdate{}
	object(s, func(key string) bool {
		switch key {
		case "executionId":
			e.ID = s.int()
		case "sparkPlanInfo":
			e.Plan = readTree(s, 0).nodes(nil)
		default:
			return false
		}
		return true
	})
	return e
}

func readQueryEnd(_ *decoder, s *scan) any {
	e := &queryEnd{}
	object(s, func(key string) bool {
		switch key {
		case "executionId":
			e.ID = s.int()
		case "time":
			e.Time = s.int()
		case "errorMessage":
			e.Error = short(s.text(), shortName)
		default:
			return false
		}
		return true
	})
	return e
}

// readDriverValues reads what the driver measured: pairs of an accumulator and its value.
func readDriverValues(_ *decoder, s *scan) any {
	e := &driverValues{}
	object(s, func(key string) bool {
		if key != "accumUpdates" {
			return false
		}
		e.Values = nil
		if !s.in('[') {
			return true
		}
		for s.more(']') {
			var two [2]int64
			n := 0
			if !s.in('[') {
				continue
			}
			for ; s.more(']'); n++ {
				if n < 2 {
					two[n] = s.int()
				} else {
					s.skip()
				}
			}
			e.Values = append(e.Values, accumulated{two[0], two[1]})
		}
		return true
	})
	return e
}
