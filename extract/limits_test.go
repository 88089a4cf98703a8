package extract

// Limit makes a source cut days into pieces, and look-ups into batches, that are small enough for a test, and read hours
// beside a day whole in which one session runs, as if the tables lay in the order of time.
func (g *GIMDB) Limit(partRows int64, probeBatch int) {
	g.partRows, g.fewRows, g.probeBatch, g.crowd, g.inOrder = partRows, 0, probeBatch, 1, true
}
