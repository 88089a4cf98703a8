package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"seats/internal/config"
	"seats/internal/must"
)

// compiled are the two schemas, as a validator has them that is not the program's.
var compiled = sync.OnceValue(func() map[string]*jsonschema.Schema {
	all := map[string]*jsonschema.Schema{}
	for _, text := range []string{config.Schema(), config.TenantSchema()} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			panic(err)
		}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource("schema.json", doc); err != nil {
			panic(err)
		}
		all[text] = compiler.MustCompile("schema.json")
	}
	return all
})

// against holds YAML against a schema, as an editor does.
func against(schema, content string) error {
	text, err := yaml.YAMLToJSON([]byte(strings.TrimPrefix(content, "\ufeff")))
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return compiled()[schema].Validate(value)
}

// structural are the problems that a key or a value has by itself. What is quoted out of the environment, and how a number is
// written, no schema can know.
var structural = regexp.MustCompile(`unknown key|must be (a mapping|a list|text|true or false|[0-9]+\.\.|a whole number|a duration|a number and one of|a field,|` +
	`a plain SQL identifier|disable,|require,|exclusive|agent_group)|must not be empty|must end in|needs (at least one|a name|either)|is no name for|is no field|is not for all tenants`)

var unknowable = regexp.MustCompile(`got the value of|got 0[0-9x]|[0-9]{10}TB|PostgreSQL|environment`)

// fits wants of a valid file that it fits the schema.
func fits(t testing.TB, content string) { require.NoError(t, against(config.Schema(), content)) }

// misfits wants of a file with problems that are structural, as all of its lines are told, that it does not.
func misfits(t testing.TB, content string, problems []string) {
	if !slices.ContainsFunc(problems, func(p string) bool { return structural.MatchString(p) && !unknowable.MatchString(p) }) {
		return
	}
	require.Error(t, against(config.Schema(), content), "%s", strings.Join(problems, "\n"))
}

// section is a schema, or a part of it.
type section = map[string]any

func definitions(t *testing.T) section {
	var doc struct{ Definitions section }
	require.NoError(t, json.Unmarshal([]byte(config.Schema()), &doc))
	return doc.Definitions
}

// A key that the program reads and the schema lacks does not pass a single load; here, that each in the schema is read: what is
// nothing but nonsense is wrong under every one of them.
func TestEveryKeyOfTheSchemaIsTold(t *testing.T) {
	places := map[string][]string{
		"configuration": {}, "globals": {"globals"}, "gimdb": {"globals", "gimdb"}, "engine": {"globals", "engine"}, "deliver": {"globals", "deliver"},
		"tenant": {"tenants", "a"}, "tenant_gimdb": {"tenants", "a", "gimdb"}, "region": {"tenants", "a", "regions", "r"},
		"location": {"tenants", "a", "regions", "r", "locations", "l"}, "report": {"report"},
	}
	all, told := definitions(t), 0
	check := func(key string, property any, place []string, wrap func(any) any) {
		require.NotEmpty(t, property.(section)["description"], "%s.%s", place, key)
		var content any = wrap(section{key: section{"nonsense": []bool{true}}})
		for _, step := range slices.Backward(place) {
			content = section{step: content}
		}
		text := must.Have(json.Marshal(content))(t)
		_, err := config.Parse("seats.yaml", text, lookup)
		require.Regexp(t, regexp.QuoteMeta(strings.Join(append(place, key), "."))+`[.:\[]`, regexp.MustCompile(`\[0\]`).ReplaceAllString(err.Error(), ""), string(text))
		told++
	}
	for name, place := range places {
		require.Equal(t, false, all[name].(section)["additionalProperties"], name)
		for key, property := range all[name].(section)["properties"].(section) {
			check(key, property, place, func(v any) any { return v })
		}
	}
	inList := func(v any) any { return []any{v} }
	for key, property := range all["switch"].(section)["properties"].(section) {
		check(key, property, append(places["location"], "switches"), func(v any) any {
			return inList(mergedWith(v, section{"name": "S"}))
		})
	}
	for _, form := range all["column"].(section)["anyOf"].([]any) {
		if properties, is := form.(section)["properties"].(section); is {
			for key, property := range properties {
				others := maps.Clone(properties)
				for other := range others {
					others[other] = "MessageSize"
				}
				check(key, property, []string{"report", "columns"}, func(v any) any { return inList(mergedWith(v, others)) })
			}
		}
	}
	require.Greater(t, told, 70)
}

// mergedWith gives a mapping with what another has beside it.
func mergedWith(v any, others section) section {
	merged := maps.Clone(others)
	maps.Copy(merged, v.(section))
	return merged
}

// yamlOf gives the YAML blocks of a page's chapter.
func yamlOf(t *testing.T, page, chapter string) (blocks []string) {
	text := must.Have(os.ReadFile(filepath.Join("..", "..", page)))(t)
	_, after, found := strings.Cut("\n"+string(text), "\n"+chapter+"\n")
	require.True(t, found, chapter)
	after, _, _ = strings.Cut(after, "\n## ")
	for _, m := range regexp.MustCompile("(?s)\n```yaml\n(.*?)```\n").FindAllStringSubmatch(after, -1) {
		blocks = append(blocks, m[1])
	}
	require.NotEmpty(t, blocks, chapter)
	return blocks
}

var (
	pageLine = regexp.MustCompile(`^( *)(?:# )?([\w-]+):(?: +(.*?))?(?: +# (.*))?$`)
	inBraces = regexp.MustCompile(`^\{([\w-]+):`)
	asides   = regexp.MustCompile(`^optional[:,]? ?|:? ?see "[^"]*"`)
)

// What an editor says of a key is what the pages say.
func TestTheSchemaSaysOfAKeyWhatThePagesSay(t *testing.T) {
	all, told := definitions(t), 0
	check := func(block string, under ...string) {
		path := slices.Clone(under)
		for line := range strings.Lines(block) {
			m := pageLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
			if m == nil {
				continue
			}
			path = append(path[:len(under)+len(m[1])/2], m[2])
			said := asides.ReplaceAllString(m[4], "")
			if said == "" {
				continue
			}
			description := describe(t, all, path)
			if inner := inBraces.FindStringSubmatch(m[3]); description == "" && inner != nil {
				description = describe(t, all, append(slices.Clone(path), inner[1]))
			}
			require.Contains(t, description, said, "%s", path)
			told++
		}
	}
	check(yamlOf(t, "docs/configuration.md", "## Every key")[0])
	check(yamlOf(t, "docs/delivery.md", "## Delivering")[0], "globals")
	require.Greater(t, told, 35)
}

// describe follows keys down the schema and gives the description of the last one.
func describe(t *testing.T, all section, path []string) string {
	at := all["configuration"].(section)
	for _, key := range path {
		at = resolve(all, at)
		properties, _ := at["properties"].(section)
		next, is := properties[key].(section)
		if !is {
			next, is = at["additionalProperties"].(section)
		}
		require.True(t, is, "%s in %s", key, path)
		at = next
	}
	said, _ := at["description"].(string)
	return said
}

func resolve(all, at section) section {
	if parts, is := at["allOf"].([]any); is {
		at = parts[0].(section)
	}
	if name, is := at["$ref"].(string); is {
		return all[strings.TrimPrefix(name, "#/definitions/")].(section)
	}
	return at
}

func TestTheConfigurationsOfTheProjectFitTheSchema(t *testing.T) {
	for _, name := range []string{"testdata/demo/seats.yaml", "cmd/seats/packaging/seats.yaml"} {
		text := must.Have(os.ReadFile(filepath.Join("..", "..", name)))(t)
		fits(t, string(text))
	}
	fits(t, yamlOf(t, "docs/configuration.md", "## Every key")[0])
	fits(t, yamlOf(t, "docs/configuration.md", "# Configuration")[0])
	fits(t, yamlOf(t, "README.md", "## From nothing to the first page")[0])
	fits(t, "tenants_dir: tenants.d\nglobals:\n"+regexp.MustCompile(`(?m)^`).ReplaceAllString(yamlOf(t, "docs/delivery.md", "## Delivering")[0], "  "))

	// In the scripts each is a file that somebody once thought of.
	scripts := must.Have(filepath.Glob(filepath.Join("..", "..", "cmd", "seats", "testdata", "script", "*.txtar")))(t)
	seen := 0
	for _, script := range scripts {
		archive := must.Have(os.ReadFile(script))(t)
		for _, file := range strings.Split(string(archive), "\n-- ")[1:] {
			name, content, _ := strings.Cut(file, " --\n")
			if !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") || filepath.Base(script) == "exit9_config.txtar" || name == "wrong.yaml" {
				continue
			}
			schema := config.Schema()
			if !strings.Contains(content, "tenants") { // it is one's own
				schema = config.TenantSchema()
			}
			require.NoError(t, against(schema, content), "%s in %s", name, script)
			seen++
		}
	}
	require.Greater(t, seen, 50)
}

func TestAFileOfTenantsDirHasASchemaOfItsOwn(t *testing.T) {
	const tenant = "export_dir: exports\nregions: {US: {locations: {all: {switches: []}}}}\n"
	require.NoError(t, against(config.TenantSchema(), tenant))
	require.Error(t, against(config.TenantSchema(), tenant+"globals: {}\n"))
	require.Error(t, against(config.TenantSchema(), minimal))
	var misfit *jsonschema.ValidationError
	require.True(t, errors.As(against(config.Schema(), tenant), &misfit))
}
