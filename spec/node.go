package spec

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// pair is a key of a mapping, with its value.
type pair struct{ key, value *yaml.Node }

// pairs returns the keys of a mapping in the order of the file, with those of merged mappings
// (<<) after them where the mapping does not have them itself. Keys that stand twice are reported, except
// where they are the rest of a value.
func (d *decoder) pairs(n *yaml.Node, path string) []pair {
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	all := make([]pair, 0, len(n.Content)/2)
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := follow(n.Content[i]), n.Content[i+1]
		switch first := seen[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			d.fail(d.pos(n.Content[i]), path, "", "expected a key, found %s", describe(key))
		case key.ShortTag() == "!!merge":
			merged = append(merged, value)
		case first != nil && !rest(n, value):
			d.fail(d.pos(key), join(path, key.Value), "keep one of them", "duplicate key, first at line %d", first.Line)
		default:
			seen[key.Value] = key
			all = append(all, pair{key, value})
		}
	}
	open := map[*yaml.Node]bool{n: true}
	for _, m := range merged {
		all = d.merge(m, path, seen, open, all)
	}
	return all
}

// merge adds the keys of a mapping, or of each of a list of mappings, that are not seen yet.
func (d *decoder) merge(n *yaml.Node, path string, seen map[string]*yaml.Node, open map[*yaml.Node]bool, all []pair) []pair {
	from := follow(n)
	if open[from] {
		d.fail(d.pos(n), path, "", "<< merges a mapping into itself")
		return all
	}
	if !d.spend(n, path) {
		return all
	}
	open[from] = true
	defer delete(open, from)
	switch from.Kind {
	case yaml.SequenceNode:
		for _, item := range from.Content {
			all = d.merge(item, path, seen, open, all)
		}
	case yaml.MappingNode:
		var deeper []*yaml.Node
		for i := 0; i+1 < len(from.Content) && d.spend(n, path); i += 2 {
			key, value := follow(from.Content[i]), from.Content[i+1]
			if key.ShortTag() == "!!merge" {
				deeper = append(deeper, value)
			} else if key.Kind == yaml.ScalarNode && seen[key.Value] == nil {
				seen[key.Value] = key
				all = append(all, pair{key, value})
			}
		}
		for _, m := range deeper {
			all = d.merge(m, path, seen, open, all)
		}
	default:
		d.fail(d.pos(n), path, "write <<: *anchor", "<< expects a mapping, found %s", describe(from))
	}
	return all
}

// rest reports whether a key between { and } has no value, as is the rest of a value that a comma
// has cut.
func rest(n, value *yaml.Node) bool {
	return n.Style&yaml.FlowStyle != 0 && isNull(value) && value.Value == ""
}

// follow returns what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// describe names what a node is, without its value, which may be a secret.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "keys"
	}
	switch tag := n.ShortTag(); tag {
	case "!!str":
		return "a text"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!null":
		return "nothing"
	case "!!timestamp":
		return "a date"
	default:
		return fmt.Sprintf("something tagged %s", tag)
	}
}
