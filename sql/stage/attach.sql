-- The stage: a database in memory, spilling to the work copy's folder, gone with the run.
attach ':memory:' as _stage
