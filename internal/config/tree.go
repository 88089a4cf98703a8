package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// kind says what a node of the file is.
type kind string

const (
	kindNull    kind = "nothing"
	kindText    kind = "text"
	kindPlain   kind = "a number or a truth value"
	kindList    kind = "a list"
	kindMapping kind = "a mapping"
)

// node is a value of the file with anchors, aliases and merge keys resolved. An
// aliased node is shared, so nodes hold no position: entries and items do.
type node struct {
	kind    kind
	text    string // of kindText; of kindPlain as written
	entries []entry
	again   []repeated // keys that were in entries already
	items   []item
	size    int // number of values in it, itself included
}

type entry struct {
	key   string
	at    position
	value *node
}

type repeated struct {
	key   string
	at    position
	first position
}

type item struct {
	at    position
	value *node
}

type position struct{ line, column int }

// maxSize bounds what aliases can make of a small file.
const maxSize = 1 << 20

// treeBuilder turns the parser's tree into nodes and reports what YAML allows
// and a configuration does not.
type treeBuilder struct {
	report  func(at position, msg, hint string)
	anchors map[string]*node
	lost    bool // the parser takes what follows a tag for its value: the rest would only mislead
}

// maxDepth bounds how deep lists and mappings lie in one another within a line: the parser's memory grows with its square.
const maxDepth = 100

// tooDeep is where they go deeper than that, nil where they do not.
func tooDeep(content []byte) *token.Token {
	brackets, dashes := 0, 0
	for _, t := range lexer.Tokenize(string(content)) {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets--
		}
		if dashes++; t.Type != token.SequenceEntryType {
			dashes = 0
		}
		if max(brackets, dashes) > maxDepth {
			return t
		}
	}
	return nil
}

// parseTree returns the root of the file, or nil after it reported why not: empty, where it holds nothing.
func parseTree(content []byte, empty string, report func(at position, msg, hint string)) *node {
	if t := tooDeep(content); t != nil {
		report(positionOfToken(t), fmt.Sprintf("has more than %d lists and mappings in one another", maxDepth), "")
		return nil
	}
	// The parser would stop at the first duplicate key; the builder reports all.
	file, err := parser.ParseBytes(content, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		at, msg, hint := syntaxProblem(err, content)
		report(at, msg, hint)
		return nil
	}
	docs := slices.DeleteFunc(file.Docs, func(d *ast.DocumentNode) bool {
		return d == nil || d.Body == nil || d.Body.Type() == ast.DirectiveType // %YAML 1.2
	})
	if len(docs) == 0 {
		report(position{line: 1, column: 1}, empty, "")
		return nil
	}
	if len(docs) > 1 {
		report(positionOf(docs[1].Body), "starts a second YAML document: the configuration is one", "")
		return nil
	}
	b := treeBuilder{report: report, anchors: map[string]*node{}}
	root := b.node(docs[0].Body)
	if b.lost {
		return nil
	}
	if root.size > maxSize {
		report(position{line: 1, column: 1}, fmt.Sprintf("holds more than %d values once its aliases are resolved", maxSize), "")
		return nil
	}
	return root
}

func (b *treeBuilder) node(n ast.Node) *node {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return &node{kind: kindNull, size: 1}
	case *ast.StringNode:
		// In braces, the parser takes "a: x b: y" for one key; YAML does not.
		if n.Token.Type == token.StringType && strings.Contains(n.Value, ": ") {
			b.report(positionOf(n), "has text with a colon and a space in it", "quotes, or a comma, are missing")
		}
		return &node{kind: kindText, text: n.Value, size: 1}
	case *ast.LiteralNode:
		return &node{kind: kindText, text: n.Value.Value, size: 1}
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return &node{kind: kindPlain, text: n.GetToken().Value, size: 1}
	case *ast.MappingNode:
		return b.mapping(n.Values)
	case *ast.MappingValueNode:
		return b.mapping([]*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		return b.list(n)
	case *ast.AnchorNode:
		value := b.node(n.Value)
		b.anchors[n.Name.GetToken().Value] = value
		return value
	case *ast.AliasNode:
		if value, ok := b.anchors[n.Value.GetToken().Value]; ok {
			return value
		}
		b.report(positionOf(n), "is an alias of an anchor that is not defined above it", "a text that starts with * needs quotes")
	case *ast.TagNode:
		b.report(positionOf(n), "has a YAML tag, which is not supported", "a text that starts with ! needs quotes")
		b.lost = true
	default:
		b.report(positionOf(n), "is nothing that a configuration can hold", "")
	}
	return &node{kind: kindNull, size: 1}
}

func (b *treeBuilder) list(n *ast.SequenceNode) *node {
	list := &node{kind: kindList, size: 1}
	for _, v := range n.Values {
		value := b.node(v)
		list.items = append(list.items, item{at: positionOf(v), value: value})
		list.size = min(list.size+value.size, maxSize+1)
	}
	return list
}

func (b *treeBuilder) mapping(values []*ast.MappingValueNode) *node {
	mapping := &node{kind: kindMapping, size: 1}
	first := map[string]position{}
	var merged []entry
	for _, v := range values {
		at := positionOf(v.Key)
		if v.Key.IsMergeKey() {
			merged = append(merged, b.merged(at, v.Value)...)
			continue
		}
		key, ok := keyText(v.Key)
		value := b.node(v.Value)
		switch before, seen := first[key]; {
		case !ok:
			b.report(at, "has a key that is not plain text", "")
		case seen:
			mapping.again = append(mapping.again, repeated{key: key, at: at, first: before})
		default:
			first[key] = at
			mapping.add(entry{key: key, at: at, value: value})
		}
	}
	// What is written out wins over what is merged in, and the first merge over the next.
	for _, e := range merged {
		if _, seen := first[e.key]; !seen {
			first[e.key] = e.at
			mapping.add(e)
		}
	}
	return mapping
}

func (n *node) add(e entry) {
	n.entries = append(n.entries, e)
	n.size = min(n.size+e.value.size, maxSize+1)
}

// merged returns the entries of the mapping, or of the mappings in the list,
// that a merge key << names.
func (b *treeBuilder) merged(at position, value ast.Node) (entries []entry) {
	sources := []*node{b.node(value)}
	if sources[0].kind == kindList {
		list := sources[0].items
		sources = nil
		for _, item := range list {
			sources = append(sources, item.value)
		}
	}
	for _, source := range sources {
		if source.kind != kindMapping {
			b.report(at, "key << merges mappings only", "")
			continue
		}
		entries = append(entries, source.entries...)
	}
	return entries
}

// keyText returns the key as written. Numbers and truth values are good keys: a
// tenant may be called 42, and a region NO.
func keyText(key ast.MapKeyNode) (string, bool) {
	switch key := key.(type) {
	case *ast.StringNode:
		return key.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return key.GetToken().Value, true
	}
	return "", false
}

func positionOf(n ast.Node) position {
	if n == nil {
		return position{line: 1, column: 1}
	}
	return positionOfToken(n.GetToken())
}

func positionOfToken(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{line: 1, column: 1}
	}
	return position{line: max(1, t.Position.Line), column: max(1, t.Position.Column)}
}
