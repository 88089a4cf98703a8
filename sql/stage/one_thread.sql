-- While rows of a server are awaited. With more threads the one that runs a statement turns in circles until
-- another, which waits for the server, has the next rows: a core spent on nothing.
set threads = 1
