-- Forget the rows of earlier files, so that the next look finds only new ones.
truncate reject_errors
