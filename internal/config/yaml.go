package config

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
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

// node is a value of the file with anchors, aliases and merge keys resolved. An aliased one is shared: where it stands, whatever holds it says.
type node struct {
	kind kind
	text string // of kindText; of kindPlain as written
	held []held // of a list and of a mapping
	size int    // number of values in it, itself included
}

type held struct {
	place
	key   string // of a mapping
	node  *node
	first int // line on which the mapping has that key already; 0: it has not
}

type place struct{ line, column int }

const (
	maxSize  = 1 << 20 // bounds what aliases can make of a small file
	maxDepth = 100     // bounds how deep lists and mappings lie in one another within a line: the parser's memory grows with its square
)

var byteOrderMark = []byte("\ufeff")

// tree returns the root of a file, or nil after it reported why not: that it is empty, where it holds nothing.
func (l *loader) tree(content []byte, empty string) *node {
	top := place{1, 1}
	content = bytes.TrimPrefix(content, byteOrderMark)
	lines := bytes.Split(content, []byte("\n"))
	if bad := slices.IndexFunc(lines, func(line []byte) bool { return !utf8.Valid(line) }); bad >= 0 {
		return l.lost(place{bad + 1, 1}, "is not UTF-8 text", "")
	}
	if t := tooDeep(content); t != nil {
		return l.lost(placeOf(t), fmt.Sprintf("has more than %d lists and mappings in one another", maxDepth), "")
	}
	// The parser would stop at the first duplicate key; the builder reports all.
	file, err := parser.ParseBytes(content, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		// The parser's text is not used whole: it quotes the lines around the error, where a password may be.
		at, msg, hint := top, "is not YAML", ""
		if syntax, is := errors.AsType[yaml.Error](err); is {
			at = placeOf(syntax.GetToken())
			if detail := syntax.GetMessage(); !strings.ContainsRune(detail, '"') {
				msg += ": " + strings.NewReplacer("\t", `\t`, "\n", `\n`, "\r", `\r`).Replace(detail)
			}
		}
		if at.line <= len(lines) && bytes.Contains(lines[at.line-1], []byte("${")) {
			hint = "inside [...] and {...}, ${NAME} needs quotes"
		}
		return l.lost(at, msg, hint)
	}
	docs := slices.DeleteFunc(file.Docs, func(d *ast.DocumentNode) bool {
		return d == nil || d.Body == nil || d.Body.Type() == ast.DirectiveType // %YAML 1.2
	})
	switch len(docs) {
	case 0:
		return l.lost(top, empty, "")
	case 1:
	default:
		return l.lost(placeOf(docs[1].Body.GetToken()), "starts a second YAML document: the configuration is one", "")
	}
	b := builder{loader: l, anchors: map[string]*node{}}
	root := b.node(docs[0].Body)
	if root.size > maxSize && !b.stray {
		return l.lost(top, fmt.Sprintf("holds more than %d values once its aliases are resolved", maxSize), "")
	}
	if b.stray {
		return nil
	}
	return root
}

func (l *loader) lost(at place, msg, hint string) *node {
	l.report(at, Problem{Msg: msg, Hint: hint})
	return nil
}

// tooDeep is where lists and mappings lie too deep, nil where they do not.
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

// builder turns the parser's tree into nodes and reports what YAML allows and a configuration does not.
type builder struct {
	*loader
	anchors map[string]*node
	stray   bool // the parser takes what follows a tag for its value: the rest would only mislead
}

func (b *builder) node(n ast.Node) *node {
	switch n := n.(type) {
	case nil, *ast.NullNode:
	case *ast.StringNode:
		// In braces, the parser takes "a: x b: y" for one key; YAML does not.
		if n.Token.Type == token.StringType && strings.Contains(n.Value, ": ") {
			b.lost(placeOf(n.Token), "has text with a colon and a space in it", "quotes, or a comma, are missing")
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
		list := &node{kind: kindList, size: 1}
		for _, v := range n.Values {
			list.add(held{place: placeOf(v.GetToken()), node: b.node(v)})
		}
		return list
	case *ast.AnchorNode:
		value := b.node(n.Value)
		b.anchors[n.Name.GetToken().Value] = value
		return value
	case *ast.AliasNode:
		if value, ok := b.anchors[n.Value.GetToken().Value]; ok {
			return value
		}
		b.lost(placeOf(n.GetToken()), "is an alias of an anchor that is not defined above it", "a text that starts with * needs quotes")
	case *ast.TagNode:
		b.lost(placeOf(n.GetToken()), "has a YAML tag, which is not supported", "a text that starts with ! needs quotes")
		b.stray = true
	default:
		b.lost(placeOf(n.GetToken()), "is nothing that a configuration can hold", "")
	}
	return &node{kind: kindNull, size: 1}
}

func (b *builder) mapping(values []*ast.MappingValueNode) *node {
	mapping := &node{kind: kindMapping, size: 1}
	first := map[string]int{}
	var merged []held
	for _, v := range values {
		at := placeOf(v.Key.GetToken())
		if v.Key.IsMergeKey() {
			merged = append(merged, b.merged(at, v.Value)...)
			continue
		}
		key, ok := keyText(v.Key)
		value := b.node(v.Value)
		if !ok {
			b.lost(at, "has a key that is not plain text", "")
			continue
		}
		mapping.add(held{at, key, value, first[key]})
		if first[key] == 0 {
			first[key] = at.line
		}
	}
	// What is written out wins over what is merged in, and the first merge over the next.
	for _, e := range merged {
		if first[e.key] == 0 {
			first[e.key] = e.line
			mapping.add(e)
		}
	}
	return mapping
}

func (n *node) add(h held) {
	n.held = append(n.held, h)
	n.size = min(n.size+h.node.size, maxSize+1)
}

// merged returns what the mapping holds, or the mappings in the list, that a merge key << names.
func (b *builder) merged(at place, value ast.Node) (all []held) {
	sources := []held{{node: b.node(value)}}
	if sources[0].node.kind == kindList {
		sources = sources[0].node.held
	}
	for _, source := range sources {
		if source.node.kind != kindMapping {
			b.lost(at, "key << merges mappings only", "")
			continue
		}
		all = append(all, source.node.held...)
	}
	return all
}

// keyText returns the key as written. Numbers and truth values are good keys: a tenant may be called 42, and a region NO.
func keyText(key ast.MapKeyNode) (string, bool) {
	switch key := key.(type) {
	case *ast.StringNode:
		return key.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return key.GetToken().Value, true
	}
	return "", false
}

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{max(1, t.Position.Line), max(1, t.Position.Column)}
}

//go:embed schema.json
var schema string

// Schema is the JSON Schema (draft 7, which editors know) of a configuration. It says of keys and values what can be said of each by itself, and Load
// goes by it: by the keys, words and bounds that it names. What is wrong between two keys, or is found out by looking, it does not see.
func Schema() string { return schema }

// TenantSchema is that of a file of tenants_dir.
func TenantSchema() string {
	return strings.Replace(schema, `"$ref": "#/definitions/configuration"`, `"$ref": "#/definitions/tenant"`, 1)
}

// definitions are the named parts of the schema. JSON is YAML, so it is read as a configuration is.
var definitions = sync.OnceValue(func() *node {
	l := &loader{findings: &findings{}}
	root := l.tree([]byte(schema), "")
	if len(l.problems) > 0 {
		panic(l.problems)
	}
	return root.child("definitions")
})

func definition(name string) *node { return definitions().child(name) }

// child returns what a mapping has under a key, nil where it has nothing.
func (n *node) child(key string) *node { return under(n.all(), key) }

func under(all []held, key string) *node {
	if i := slices.IndexFunc(all, func(e held) bool { return e.key == key }); i >= 0 {
		return all[i].node
	}
	return nil
}

// all is what a list or a mapping holds.
func (n *node) all() []held {
	if n == nil {
		return nil
	}
	return n.held
}

// parts are all places of the schema that speak of a value: one, and what it refers to.
func (n *node) parts() []*node {
	all := []*node{n}
	if ref := n.child("$ref"); ref != nil {
		all = append(all, definition(path.Base(ref.text)).parts()...)
	}
	for _, word := range []string{"allOf", "anyOf"} {
		for _, item := range n.child(word).all() {
			all = append(all, item.node.parts()...)
		}
	}
	return all
}

// says returns what the schema says of a value under one of its words, nil where it says nothing.
func (n *node) says(word string) *node {
	for _, part := range n.parts() {
		if said := part.child(word); said != nil {
			return said
		}
	}
	return nil
}

// words are those that a value may be, if they are told.
func (n *node) words() (words []string) {
	for _, item := range n.says("enum").all() {
		if item.node.kind == kindText {
			words = append(words, item.node.text)
		}
	}
	return words
}

// number is a bound of the schema's.
func (n *node) number() int64 {
	number, err := strconv.ParseInt(n.text, 10, 64)
	if err != nil {
		panic(err)
	}
	return number
}

// properties are the keys that a mapping may hold, each with what is said of its value.
func (n *node) properties() (all []held) {
	for _, part := range n.parts() {
		all = append(all, part.child("properties").all()...)
	}
	return all
}

func (n *node) keys() (keys []string) {
	for _, e := range n.properties() {
		keys = append(keys, e.key)
	}
	return keys
}

// under is what the schema says of the value under a key of a mapping; nil for one that there must not be.
func (n *node) under(key string) *node {
	if known := under(n.properties(), key); known != nil {
		return known
	}
	if others := n.says("additionalProperties"); others != nil && others.kind == kindMapping {
		return others
	}
	return nil
}
