package extract

import "fmt"

// Limit makes a source cut days into pieces, and look-ups into batches, that are small enough for a test, and read hours
// beside a day whole in which one session runs, as if the tables lay in the order of time.
func (g *GIMDB) Limit(partRows int64, probeBatch int) {
	g.partRows, g.fewRows, g.probeBatch, g.crowd, g.inOrder = partRows, 0, probeBatch, 1, true
}

// Resources are those of the export, in the order of its files.
func (e *Export) Resources() [][]string {
	all, r := [][]string{}, e.rows["resource_"]
	for row := range r.len {
		line := []string{fmt.Sprint(r.numbers[0][row])}
		for _, texts := range r.texts[1:] {
			line = append(line, texts[row])
		}
		all = append(all, line)
	}
	return all
}
