package config

// Described is what the schema says of a key by itself.
func Described(path ...string) (description string) {
	at := definition("configuration")
	for _, key := range path {
		at = at.under(key)
	}
	if said := at.child("description"); said != nil {
		description = said.text
	}
	return description
}
