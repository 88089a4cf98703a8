package config

// Keys are what each mapping of the file may hold, by its name in the schema.
func Keys() map[string][]string {
	return map[string][]string{
		"configuration": rootKeys, "globals": globalKeys, "gimdb": gimdbKeys, "engine": engineKeys, "deliver": deliverKeys,
		"tenant": tenantKeys, "tenant_gimdb": append([]string{"tenant_key"}, gimdbKeys...), "region": regionKeys, "location": locationKeys, "switch": switchKeys,
		"report": reportKeys,
	}
}

// ColumnKeys are those of a column that is a mapping.
func ColumnKeys() []string { return columnKeys }
