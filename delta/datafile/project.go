package datafile

import (
	"slices"

	pq "github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/petalake/petalake/delta/schema"
)

// project returns the leaf columns of the file that hold the columns of want, in ascending order.
func project(file *pq.Schema, want *schema.Struct) []int {
	p := projection{file: file}
	p.members(file.Root(), want)
	slices.Sort(p.leaves)
	return p.leaves
}

type projection struct {
	file   *pq.Schema
	leaves []int
}

func (p *projection) members(g *pq.GroupNode, want *schema.Struct) {
	for _, f := range want.Fields {
		node := member(g, f.Name)
		if node == nil {
			continue
		}
		inner, isStruct := f.Type.(*schema.Struct)
		group, isGroup := node.(*pq.GroupNode)
		if !isStruct || !isGroup || node.RepetitionType() == 2 {
			p.all(node)
			continue
		}
		before := len(p.leaves)
		p.members(group, inner)
		if len(p.leaves) == before { // none of its members is wanted, but which rows are null is
			p.all(firstLeaf(node))
		}
	}
}

func member(g *pq.GroupNode, name string) pq.Node {
	var same pq.Node
	for i := range g.NumFields() {
		switch f := g.Field(i); {
		case f.Name() == name:
			return f
		case same == nil && schema.SameName(f.Name(), name):
			same = f
		}
	}
	return same
}

func firstLeaf(n pq.Node) pq.Node {
	for {
		g, ok := n.(*pq.GroupNode)
		if !ok || g.NumFields() == 0 {
			return n
		}
		n = g.Field(0)
	}
}

func (p *projection) all(n pq.Node) {
	if g, ok := n.(*pq.GroupNode); ok {
		for i := range g.NumFields() {
			p.all(g.Field(i))
		}
		return
	}
	if i := p.file.ColumnIndexByNode(n); i >= 0 {
		p.leaves = append(p.leaves, i)
	}
}
