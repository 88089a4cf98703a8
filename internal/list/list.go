// Package list makes lists of lists.
package list

// Of gives what a function makes of each of some things, in their order; of none an empty list, which is not nil.
func Of[T, U any](things []T, made func(T) U) []U {
	all := make([]U, len(things))
	for i, thing := range things {
		all[i] = made(thing)
	}
	return all
}
