package extract

// Limit makes a source cut days into pieces, and look-ups into batches, that are small enough for a test.
func (g *GIMDB) Limit(partRows int64, probeBatch int) {
	g.partRows, g.probeBatch = partRows, probeBatch
}
