package compute

import "slices"

// Steps names the statements that count a day by SQL, in their order, for whoever wants to run them without this
// program: with $day and $state, on a store's tables and those of sql/count/rule.sql.
func Steps() []string { return slices.Concat(working, results) }
