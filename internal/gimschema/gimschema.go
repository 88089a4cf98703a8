// Package gimschema holds the part of the Genesys Info Mart schema that the project reads, as PostgreSQL DDL. It is there for
// tests and for the simulator (cmd/gimsim): the product itself creates nothing in a GIM database.
package gimschema

import _ "embed"

// Tables creates the tables, without keys and indexes.
//
//go:embed tables.sql
var Tables string

// Keys adds primary keys and indexes to what Tables created.
//
//go:embed keys.sql
var Keys string

// DDL creates everything, in the schema that comes first in the search_path.
var DDL = Tables + "\n" + Keys
