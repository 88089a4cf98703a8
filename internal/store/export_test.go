package store

// Attempt is for tests of what another program does at a moment of its own.
var Attempt = attempt
