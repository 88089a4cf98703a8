-- While rows of a server are awaited: with more threads the one that runs a statement turns in circles until another,
-- which waits for the server, has the next rows, a core spent on nothing. And while files are written whose bytes must
-- not depend on the order in which threads write them.
set threads = 1
