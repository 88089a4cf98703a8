package delta

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/google/uuid"
)

// types are Delta's names of DuckDB's; decimals have the same, and lists are arrays.
var types = map[string]string{
	"VARCHAR": "string", "BOOLEAN": "boolean", "TINYINT": "byte", "SMALLINT": "short", "INTEGER": "integer", "BIGINT": "long",
	"FLOAT": "float", "DOUBLE": "double", "DATE": "date", "TIMESTAMP WITH TIME ZONE": "timestamp", "BLOB": "binary",
}

// array is Delta's type of a list.
type array struct {
	Type         string `json:"type"`
	ElementType  any    `json:"elementType"`
	ContainsNull bool   `json:"containsNull"`
}

type schema struct {
	Type   string  `json:"type"`
	Fields []field `json:"fields"`
}

type field struct {
	Name     string            `json:"name"`
	Type     any               `json:"type"`
	Nullable bool              `json:"nullable"`
	Metadata map[string]string `json:"metadata"`
}

// typeOf is Delta's type for DuckDB's; nil: there is none.
func typeOf(duck string) any {
	if of, is := strings.CutSuffix(duck, "[]"); is {
		if element := typeOf(of); element != nil {
			return array{"array", element, true}
		}
		return nil
	}
	if strings.HasPrefix(duck, "DECIMAL(") {
		return strings.ToLower(duck)
	}
	if name, is := types[duck]; is {
		return name
	}
	return nil
}

// duckOf is DuckDB's type for Delta's as package json gives it; "": it is none of ours.
func duckOf(delta any) string {
	switch is := delta.(type) {
	case string:
		for duck, name := range types {
			if name == is {
				return duck
			}
		}
		return strings.ToUpper(is)
	case map[string]any:
		if is["type"] == "array" {
			return duckOf(is["elementType"]) + "[]"
		}
	}
	return ""
}

// meta is what the log says of a table; one that is there already keeps its identity.
func (s Spec) meta(was *metaData, now int64) (*metaData, error) {
	m := &metaData{ID: uuid.NewString(), Name: s.Name, Description: s.Comment, Partition: s.Partition, Configuration: s.Properties, Created: now}
	m.Format.Provider, m.Format.Options = "parquet", map[string]string{}
	if was != nil {
		m.ID, m.Created = was.ID, was.Created
	}
	if m.Partition == nil {
		m.Partition = []string{}
	}
	if m.Configuration == nil {
		m.Configuration = map[string]string{}
	}
	is := schema{Type: "struct"}
	for _, c := range s.Columns {
		f := field{c.Name, typeOf(c.Type), true, map[string]string{}}
		if f.Type == nil {
			return nil, fmt.Errorf("column %s: Delta has no type for %s", c.Name, c.Type)
		}
		if c.Comment != "" {
			f.Metadata["comment"] = c.Comment
		}
		is.Fields = append(is.Fields, f)
	}
	text, err := json.Marshal(is)
	m.Schema = string(text)
	return m, err
}

func same(a, b *metaData) bool { return reflect.DeepEqual(a, b) }

func specOf(m *metaData) (Spec, error) {
	s := Spec{Name: m.Name, Comment: m.Description, Partition: m.Partition, Properties: m.Configuration}
	var is struct {
		Fields []struct {
			Name     string
			Type     any
			Metadata map[string]any
		}
	}
	if err := json.Unmarshal([]byte(m.Schema), &is); err != nil {
		return s, fmt.Errorf("read its columns: %w", err)
	}
	for _, f := range is.Fields {
		comment, _ := f.Metadata["comment"].(string)
		s.Columns = append(s.Columns, Column{f.Name, duckOf(f.Type), comment})
	}
	return s, nil
}
