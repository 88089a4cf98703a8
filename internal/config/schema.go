package config

import (
	_ "embed"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed schema.json
var schema string

// Schema is the JSON Schema (draft 7, which editors know) of a configuration. It says of keys and values what can be said of each
// by itself, and Load goes by it: by the keys, words and bounds that it names. What is wrong between two keys, or is found out by
// looking, it does not see.
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
func (n *node) child(key string) *node {
	for _, e := range n.all() {
		if e.key == key {
			return e.node
		}
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

// keys are those that a mapping may hold.
func (n *node) keys() (keys []string) {
	for _, part := range n.parts() {
		for _, e := range part.child("properties").all() {
			if !slices.Contains(keys, e.key) {
				keys = append(keys, e.key)
			}
		}
	}
	return keys
}

// under is what the schema says of the value under a key of a mapping; nil for one that there must not be.
func (n *node) under(key string) *node {
	for _, part := range n.parts() {
		if of := part.child("properties").child(key); of != nil {
			return of
		}
	}
	if others := n.says("additionalProperties"); others != nil && others.kind == kindMapping {
		return others
	}
	return nil
}
